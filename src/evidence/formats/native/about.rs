//! Subject, data set, producer, checks and links of native evidence.

use super::reader::{Path, Reader, is_null};
use crate::evidence::json::Json;
use crate::model::{Check, DatasetRef, Link, Producer, Subject};

pub(super) fn subject(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Subject> {
    const KEYS: &[&str] = &["model", "version", "digest"];
    let mut subject = Subject::default();
    for member in reader.object(path, json)? {
        let (here, value) = (&path.key(&member.key), &member.value);
        match &*member.key {
            _ if is_null(value) && KEYS.contains(&&*member.key) => {}
            "model" => subject.model = reader.parsed(here, value),
            "version" => subject.version = reader.string(here, value),
            "digest" => subject.digest = reader.parsed(here, value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    Some(subject)
}

pub(super) fn dataset(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<DatasetRef> {
    const KEYS: &[&str] = &["name", "digest"];
    let mut dataset = DatasetRef::default();
    for member in reader.object(path, json)? {
        let (here, value) = (&path.key(&member.key), &member.value);
        match &*member.key {
            _ if is_null(value) && KEYS.contains(&&*member.key) => {}
            "name" => dataset.name = reader.string(here, value),
            "digest" => dataset.digest = reader.parsed(here, value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    Some(dataset)
}

pub(super) fn producer(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Producer> {
    const KEYS: &[&str] = &["tool", "version", "run"];
    let mut producer = Producer::default();
    for member in reader.object(path, json)? {
        let (here, value) = (&path.key(&member.key), &member.value);
        match &*member.key {
            _ if is_null(value) && KEYS.contains(&&*member.key) => {}
            "tool" => producer.tool = reader.string(here, value),
            "version" => producer.version = reader.string(here, value),
            "run" => producer.run = reader.string(here, value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    Some(producer)
}

pub(super) fn check(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Check> {
    const KEYS: &[&str] = &["name", "passed", "detail"];
    let (mut name, mut passed, mut detail) = (None, None, None);
    let object = reader.object(path, json)?;
    for member in object {
        let (here, value) = (&path.key(&member.key), &member.value);
        match &*member.key {
            "name" => name = reader.string(here, value),
            "passed" => passed = reader.flag(here, value),
            "detail" if is_null(value) => {}
            // Empty text is kept, too.
            "detail" if value.as_str() == Some("") => detail = Some(String::new()),
            "detail" => detail = reader.string(here, value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    for key in ["name", "passed"] {
        if !object.has(key) {
            reader.missing(path, json, key);
        }
    }
    Some(Check { name: name?, passed: passed?, detail })
}

pub(super) fn link(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Link> {
    const KEYS: &[&str] = &["rel", "href", "digest"];
    let (mut rel, mut href, mut digest) = (None, None, None);
    let object = reader.object(path, json)?;
    for member in object {
        let (here, value) = (&path.key(&member.key), &member.value);
        match &*member.key {
            "rel" => rel = reader.string(here, value),
            "href" => href = reader.string(here, value),
            "digest" if is_null(value) => {}
            "digest" => digest = reader.parsed(here, value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    for key in ["rel", "href"] {
        if !object.has(key) {
            reader.missing(path, json, key);
        }
    }
    Some(Link { rel: rel?, href: href?, digest })
}
