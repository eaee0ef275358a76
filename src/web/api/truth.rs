//! The parts that all operations of the API document have in common: their names, the patterns of
//! their text fields, and their refusals.

use serde_json::{Map, Value, json};

const PROBLEM: &str = "application/problem+json";
const PROBLEM_SCHEMA: &str = "#/components/schemas/ProblemV1";

/// Text fields and parameters by their names: the pattern and the maximum length. All others are
/// free text.
const WORDS: &[(&[&str], &str, u64)] = &[
    (&["artifact", "digest", "inputs_digest", "predictions"], r"^sha256:[0-9a-f]{64}$", 71),
    (&["environment"], r"^[A-Za-z0-9][A-Za-z0-9._\-]*$", 100),
    (&["decision", "reference", "release"], r"^[A-Za-z0-9\-]+$", 64),
    (&["model"], r"^[a-z0-9][a-z0-9\-]{0,62}/[A-Za-z0-9][A-Za-z0-9._\-]{0,99}$", 164),
    (&["cursor"], r"^[0-9]{1,18}$", 18),
    (&["Idempotency-Key"], r"^[!-~]([ -~]*[!-~])?$", 255),
    (&["vote"], r"^(approve|reject)$", 7),
    (&["comment"], r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$", 4_000),
    (&["version"], r"^[^\u0000-\u001f\u007f-\u009f]*$", 200),
    // The unused bits of the last letter are zero (RFC 4648 §3.5).
    (
        &["content_base64"],
        r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
        128 << 20,
    ),
];

/// Completes the document that is generated from the annotations of the handlers.
pub(super) fn complete(document: &mut Value) {
    for (_, schema) in entries(document.pointer_mut("/components/schemas")) {
        entries(schema.get_mut("properties")).for_each(|(name, of)| spell(name, of));
    }
    for (path, item) in entries(document.get_mut("paths")) {
        for (method, operation) in entries(Some(item)) {
            operation["operationId"] = name_of(method, path).into();
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                parameter.get_mut("schema").into_iter().for_each(|schema| spell(&name, schema));
            }
            refuse(operation);
        }
    }
}

/// The members of an object, if it is one.
fn entries(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Value)> {
    value.and_then(Value::as_object_mut).into_iter().flatten()
}

/// Adds the pattern of a text field of that name, unless the schema has one.
fn spell(name: &str, schema: &mut Value) {
    let list = schema.get("items").is_some_and(Value::is_object);
    let schema = if list { &mut schema["items"] } else { schema };
    let text = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
    let free = text && schema.get("pattern").is_none() && schema.get("enum").is_none();
    let word = WORDS.iter().find(|(names, ..)| names.contains(&name)).filter(|_| free);
    if let Some((_, pattern, longest)) = word {
        schema["pattern"] = (*pattern).into();
        schema["maxLength"] = (*longest).into();
    }
}

/// A unique name for each operation: `get_releases_by_release`.
fn name_of(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1").split('/').filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |name, word| match word.strip_prefix('{') {
        Some(parameter) => format!("{name}_by_{}", parameter.trim_end_matches('}')),
        None => format!("{name}_{}", word.replace(['.', '-'], "_")),
    })
}

/// Adds every refusal of an operation, as a problem document.
fn refuse(operation: &mut Value) {
    let secured = operation.get("security").is_some_and(Value::is_array);
    let has_body = operation.get("requestBody").is_some_and(Value::is_object);
    let mut ways = vec![
        ("400", "The request is not well formed: a parameter, a header or the body."),
        ("414", "The address is too long."),
        ("500", "The service failed at this request; nothing was acknowledged."),
        (
            "503",
            "The service cannot do this now; nothing was stored, try again after `Retry-After`.",
        ),
    ];
    if secured || has_body {
        ways.push(("401", "The request has no valid credentials."));
    }
    if secured {
        ways.push(("403", "This token cannot do this."));
        ways.push(("404", "Your namespace has no such resource."));
    }
    if has_body {
        ways.push(("404", "Your namespace has no such resource."));
        ways.push(("408", "The body came too slowly."));
        ways.push(("409", "The request conflicts with the present state."));
        ways.push(("413", "The body is larger than this address accepts."));
        ways.push(("422", "The request is well formed, but its content is not valid."));
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, description) in ways {
        let known =
            responses.get(status).and_then(|r| r["description"].as_str()).filter(|d| !d.is_empty());
        let description = known.unwrap_or(description).to_owned();
        responses.insert(status.to_owned(), json!({"description": description}));
    }
    for (status, response) in responses.iter_mut() {
        if status.starts_with('4') || status.starts_with('5') {
            response["content"] = json!({PROBLEM: {"schema": {"$ref": PROBLEM_SCHEMA}}});
        } else if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] =
                if status == "304" { "You have it already." } else { "Done." }.into();
        }
        if status == "503" {
            let seconds = json!({"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}});
            response["headers"] = json!({"Retry-After": seconds});
        }
        if status == "401" {
            response["headers"] = json!({"WWW-Authenticate": {"schema": {"type": "string"}}});
        }
    }
    sort(responses);
}

fn sort(responses: &mut Map<String, Value>) {
    let mut list: Vec<_> = std::mem::take(responses).into_iter().collect();
    list.sort_by(|a, b| a.0.cmp(&b.0));
    responses.extend(list);
}
