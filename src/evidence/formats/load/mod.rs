//! Latency and load.

pub mod ab;
pub mod aiperf;
pub mod autocannon;
mod ended;
pub mod fortio;
pub mod ghz;
pub mod hey;
pub mod hyperfine;
pub mod jmeter;
pub mod k6_summary;
pub mod locust;
pub mod mlperf_loadgen;
pub mod oha;
pub mod onnxruntime_perf_test;
pub mod onnxruntime_profile;
pub mod perf_analyzer;
mod sample;
pub mod vegeta;
pub mod vllm_benchmark;
pub mod wrk;
