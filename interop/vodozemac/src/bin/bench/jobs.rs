//! Jobs of many items, on threads.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use serde_json::Value;
use vodozemac::{
    Curve25519SecretKey,
    olm::{Account, Session, SessionConfig, SessionPickle},
    pk_encryption::{Message, PkDecryption},
};

use crate::megolm::import;
use crate::task::{KEY, conversation, curve, group_decrypt, inbound, many, plaintext, text_of};

/// How often each item of the first two jobs is worked on.
const TIMES: usize = 10;

/// Work on many items that do not depend on each other.
pub enum Job {
    Encrypt(Vec<Session>),
    Store(Vec<String>),
    Contact(Box<Account>, String, String),
    History(String, String),
    Backup(PkDecryption, [String; 3]),
}

pub fn job(name: &str, items: usize, given: &[String]) -> Option<Job> {
    let pickled = || conversation().0.pickle().encrypt(KEY);
    Some(match name {
        "JobEncrypt700" => Job::Encrypt(many(items, || conversation().0)),
        "JobStoreEncrypt700" => Job::Store(many(items, pickled)),
        "JobFirstContact" => {
            let mut b = Account::new();
            b.generate_one_time_keys(1);
            let one_time = b.one_time_keys().values().next()?.to_base64();
            Job::Contact(
                Box::new(Account::new()),
                b.curve25519_key().to_base64(),
                one_time,
            )
        }
        "JobHistory" => Job::History(given.first()?.clone(), given.get(1)?.clone()),
        "JobBackup" => {
            let [key, entry @ ..] = given else {
                return None;
            };
            let private = vodozemac::base64_decode(key).ok()?;
            let secret = Curve25519SecretKey::from_slice(&private.try_into().ok()?);
            Job::Backup(
                PkDecryption::from_key(secret),
                entry.to_vec().try_into().ok()?,
            )
        }
        _ => return None,
    })
}

/// Calls f with each item, on threads that take the next one when they are done.
fn spread<T: Send>(
    threads: usize,
    items: impl Iterator<Item = T> + Send,
    f: impl Fn(T) + Sync,
) -> Duration {
    let items = std::sync::Mutex::new(items);
    let start = Instant::now();
    std::thread::scope(|s| {
        for _ in 0..threads {
            s.spawn(|| {
                loop {
                    let next = items.lock().unwrap().next();
                    match next {
                        Some(item) => f(item),
                        None => break,
                    }
                }
            });
        }
    });
    start.elapsed()
}

impl Job {
    pub fn run(&mut self, threads: usize, items: usize) -> Duration {
        let want = plaintext(700);
        let text = |s: &mut Session| {
            black_box(text_of(s.encrypt(&want).unwrap()));
        };
        match self {
            Job::Encrypt(sessions) => spread(threads, sessions.iter_mut(), |s| {
                for _ in 0..TIMES {
                    text(s);
                }
            }),
            Job::Store(pickles) => spread(threads, pickles.iter_mut(), |p| {
                for _ in 0..TIMES {
                    let read = SessionPickle::from_encrypted(p, KEY).unwrap();
                    let mut s = Session::from_pickle(read);
                    text(&mut s);
                    *p = s.pickle().encrypt(KEY);
                }
            }),
            Job::Contact(a, identity, one_time) => spread(threads, 0..items, |_| {
                let config = SessionConfig::version_1();
                text(
                    &mut a
                        .create_outbound_session(config, curve(identity), curve(one_time))
                        .unwrap(),
                );
            }),
            Job::History(key, message) => spread(threads, 0..items, |_| {
                black_box(group_decrypt(&mut inbound(key), message));
            }),
            Job::Backup(key, [ciphertext, mac, ephemeral]) => spread(threads, 0..items, |_| {
                let m = Message::from_base64(ciphertext, mac, ephemeral).unwrap();
                let entry: Value = serde_json::from_slice(&key.decrypt(&m).unwrap()).unwrap();
                black_box(import(entry["session_key"].as_str().unwrap()));
            }),
        }
    }
}
