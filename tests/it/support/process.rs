//! The real binary, serving, stopped by its process id.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A service in a separate process.
pub struct Process {
    /// The address of the service.
    pub url: String,
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    listening: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `command`, a `modelgate` with its settings, on a free port.
    pub fn serve(mut command: Command) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        if !command.get_envs().any(|(name, _)| name == "MODELGATE_LOG") {
            command.env("MODELGATE_LOG", "warn");
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let url = lines.find_map(|line| match line.split_once("listens at ") {
            Some((_, url)) => Some(url.to_owned()),
            None => {
                said.push(line);
                None
            }
        });
        let url = url.unwrap_or_else(|| panic!("the service did not start: {said:?}"));
        let said = Arc::new(Mutex::new(said));
        let shared = said.clone();
        // Its later output must not fill the pipe.
        let listening =
            thread::spawn(move || lines.for_each(|line| shared.lock().unwrap().push(line)));
        Self { url, child, said, listening: Some(listening) }
    }

    /// Waits until it prints a line that contains `text`.
    pub fn says(&self, text: &str) {
        for _ in 0..600 {
            if self.said.lock().unwrap().iter().any(|line| line.contains(text)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("it does not say {text:?}: {:?}", self.said.lock().unwrap());
    }

    /// Everything that it printed, after it has ended.
    pub fn said(&mut self) -> Vec<String> {
        self.listening.take().map(JoinHandle::join);
        self.said.lock().unwrap().clone()
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Its exit code after it has ended; `None` if a signal ended it, or if it does not end.
    pub fn ended(&mut self) -> Option<i32> {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// Kills it like a power cut: no part of it runs any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone after `kill`; a failed test must not leave it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
