//! vodozemac's side of the benchmark in interop/bench: it takes lines that say
//! what to do how often, does it, checks the result, and answers with the time
//! that it measured itself.

mod boxes;
#[path = "../../entropy.rs"]
mod entropy;
mod jobs;
mod keys;
mod megolm;
mod memory;
mod olm;
mod stored;
mod task;

use std::{
    collections::HashMap,
    io::{BufRead, Write},
};

use serde_json::{Value, json};
use vodozemac::{megolm::InboundGroupSession, olm::Session};

use crate::{
    jobs::job,
    megolm::import,
    memory::hold,
    task::{KEY, Task},
};

/// Makes an operation ready.
fn task(name: &str, given: &[String]) -> Option<Task> {
    keys::task(name)
        .or_else(|| olm::task(name))
        .or_else(|| megolm::task(name, given))
        .or_else(|| boxes::task(name))
        .or_else(|| stored::stores(name))
        .or_else(|| stored::pickles(name, given))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    entropy::seed([1; 32]);
    let mut tasks = HashMap::new();
    let mut jobs = HashMap::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let order: Value = serde_json::from_str(&line?)?;
        let text = |name: &str| order[name].as_str().map(str::to_owned);
        let number = |name: &str| order[name].as_u64().unwrap_or(0) as usize;
        let given: Vec<String> = serde_json::from_value(order["given"].clone()).unwrap_or_default();
        let count = number("count");
        let mut answer = json!({"unknown": true});
        if let Some(name) = text("make") {
            if let Some(made) = task(&name, &given) {
                tasks.insert(name, made);
                answer = json!({});
            }
        } else if let Some(name) = text("run") {
            let run = tasks.get_mut(&name).ok_or("no such operation")?;
            answer = json!({"nanos": run(count).as_nanos() as u64});
        } else if let Some(name) = text("job") {
            if !jobs.contains_key(&name) {
                jobs.insert(
                    name.clone(),
                    job(&name, count, &given).ok_or("no such job")?,
                );
            }
            let run = jobs.get_mut(&name).ok_or("no such job")?;
            answer = json!({"nanos": run.run(number("threads"), count).as_nanos() as u64});
        } else if let (Some(kind), Some(pickle)) = (text("hold"), given.first()) {
            let bytes = match kind.as_str() {
                "MemoryImportedIGS" => hold(count, || import(pickle)),
                "MemoryUnpickledIGS" => hold(count, || {
                    InboundGroupSession::from_libolm_pickle(pickle, KEY).unwrap()
                }),
                "MemoryUnpickledSession" => {
                    hold(count, || Session::from_libolm_pickle(pickle, KEY).unwrap())
                }
                _ => return Err("no such kind".into()),
            };
            answer = json!({"bytes": bytes});
        }
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
