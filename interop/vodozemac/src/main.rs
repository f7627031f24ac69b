//! vodozemac behind JSON lines: one request a line on standard input, one answer
//! a line on standard output.
//!
//! A request is an object with `op`, and the members that the operation asks
//! for. `on` is the number of an object that an earlier answer gave as `made`;
//! `drop` lists objects that are no longer needed; `entropy` is 32 bytes from
//! which all randomness of the operation follows. Bytes are unpadded base64. An
//! answer has the members that the operation gives, or `error`, or `panic`.

mod account;
mod entropy;
mod group;
mod pk;
mod sas;
mod session;

use std::{
    collections::HashMap,
    io::{BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde_json::{Map, Value, json};
use vodozemac::{base64_decode, base64_encode, megolm, olm, pk_encryption::PkDecryption};

/// An object that the other side has a number of.
pub enum Object {
    Account(Box<olm::Account>),
    Session(Box<olm::Session>),
    Outbound(Box<megolm::GroupSession>),
    Inbound(Box<megolm::InboundGroupSession>),
    Sas(Option<vodozemac::sas::Sas>),
    Established(Box<vodozemac::sas::EstablishedSas>),
    Pk(Box<PkDecryption>),
}

/// What went wrong, in vodozemac's words or in ours.
pub struct Failure(String);

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(e: E) -> Self {
        Failure(e.to_string())
    }
}

pub type Answer = Result<Value, Failure>;

/// What an operation asked for and gives: new objects go into `made`.
pub struct Request {
    members: Map<String, Value>,
    made: Vec<Object>,
}

impl Request {
    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        self.members
            .get(name)
            .and_then(Value::as_str)
            .ok_or(Failure(format!("no text {name}")))
    }

    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Failure> {
        Ok(base64_decode(self.text(name)?)?)
    }

    pub fn number(&self, name: &str) -> Result<u64, Failure> {
        self.members
            .get(name)
            .and_then(Value::as_u64)
            .ok_or(Failure(format!("no number {name}")))
    }

    /// The key of a pickle: with 32 bytes the pickle is vodozemac's own, else
    /// libolm's.
    pub fn key(&self) -> Result<PickleKey, Failure> {
        let key = self.bytes("key")?;
        Ok(<[u8; 32]>::try_from(key.as_slice()).map_or(PickleKey::Libolm(key), PickleKey::Own))
    }

    /// A key of 32 bytes.
    pub fn key32(&self) -> Result<[u8; 32], Failure> {
        <[u8; 32]>::try_from(self.bytes("key")?.as_slice())
            .map_err(|_| Failure("no key of 32 bytes".into()))
    }

    pub fn give(&mut self, object: Object) {
        self.made.push(object);
    }
}

pub enum PickleKey {
    Own([u8; 32]),
    Libolm(Vec<u8>),
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    base64_encode(bytes)
}

fn run(objects: &mut HashMap<u64, Object>, request: &mut Request) -> Answer {
    let op = request.text("op")?.to_owned();
    let (kind, what) = op
        .split_once('.')
        .ok_or(Failure("an operation without a kind".into()))?;
    let on = request
        .members
        .get("on")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    if (kind, what) == ("inbound", "merge") {
        return match objects.get_disjoint_mut([&on, &request.number("other")?]) {
            [Some(Object::Inbound(a)), Some(Object::Inbound(b))] => group::merge(a, b, request),
            _ => Err(Failure(format!("{op} on object {on}"))),
        };
    }
    match (kind, objects.get_mut(&on)) {
        ("account", Some(Object::Account(a))) => account::on(a, what, request),
        ("session", Some(Object::Session(s))) => session::on(s, what, request),
        ("outbound", Some(Object::Outbound(g))) => group::on_outbound(g, what, request),
        ("inbound", Some(Object::Inbound(g))) => group::on_inbound(g, what, request),
        ("sas", Some(Object::Sas(s))) => sas::agree(s, request),
        ("sas", Some(Object::Established(s))) => sas::on(s, what, request),
        ("pk", Some(Object::Pk(k))) => pk::on(k, what, request),
        ("account", None) => account::make(what, request),
        ("session", None) => session::make(what, request),
        ("outbound", None) => group::make_outbound(what, request),
        ("inbound", None) => group::make_inbound(what, request),
        ("sas", None) => sas::make(what, request),
        ("pk", None) => pk::make(what, request),
        _ => Err(Failure(format!("{op} on object {on}"))),
    }
}

/// Runs an operation on a thread of its own: the generator that vodozemac draws
/// from belongs to a thread, and is seeded once.
fn answer(objects: &mut HashMap<u64, Object>, request: &mut Request) -> Value {
    if let Ok(bytes) = request.bytes("entropy")
        && let Ok(seed) = <[u8; 32]>::try_from(bytes.as_slice())
    {
        entropy::seed(seed);
        return std::thread::scope(|s| {
            s.spawn(|| attempt(objects, request))
                .join()
                .unwrap_or_else(|_| json!({"panic": "thread"}))
        });
    }
    attempt(objects, request)
}

fn attempt(objects: &mut HashMap<u64, Object>, request: &mut Request) -> Value {
    match catch_unwind(AssertUnwindSafe(|| run(objects, request))) {
        Ok(Ok(answer)) => answer,
        Ok(Err(Failure(e))) => json!({"error": e}),
        Err(p) => {
            let text = p.downcast_ref::<String>().cloned();
            let text = text.or(p.downcast_ref::<&str>().map(|s| s.to_string()));
            json!({"panic": text.unwrap_or("of another type".into())})
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {})); // it stands in the answer
    let mut objects = HashMap::new();
    let mut next = 1;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let members = serde_json::from_str::<Map<String, Value>>(&line?)?;
        for id in members
            .get("drop")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            objects.remove(&id.as_u64().unwrap_or(0));
        }
        let mut request = Request {
            members,
            made: Vec::new(),
        };
        let mut answer = answer(&mut objects, &mut request);
        for object in request.made {
            answer["made"] = json!(next);
            objects.insert(next, object);
            next += 1;
        }
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
