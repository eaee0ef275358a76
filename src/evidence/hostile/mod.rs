//! Documents made to attack their reader: each is refused, or read as what it is, in bounded time
//! and memory.

mod syntax;
mod tar;
mod zip;

use super::archive::{self, Member};

fn refused(bytes: &[u8], says: &str) {
    match archive::members(bytes) {
        Ok(members) => {
            panic!("{says}: {:?}", members.iter().map(|member| &member.name).collect::<Vec<_>>())
        }
        Err(error) => assert!(error.to_string().contains(says), "{says}: {error}"),
    }
}

fn names(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.name.as_str()).collect()
}
