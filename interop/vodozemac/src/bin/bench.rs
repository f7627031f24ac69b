//! vodozemac's side of the benchmark in interop/bench: it takes lines that say
//! what to do how often, does it, checks the result, and answers with the time
//! that it measured itself.

#[path = "../entropy.rs"]
mod entropy;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::HashMap,
    hint::black_box,
    io::{BufRead, Write},
    sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use vodozemac::{
    Curve25519PublicKey, Ed25519PublicKey, Ed25519Signature,
    megolm::{
        ExportedSessionKey, GroupSession, GroupSessionPickle, InboundGroupSession,
        InboundGroupSessionPickle, MegolmMessage, SessionConfig as GroupConfig, SessionKey,
    },
    olm::{Account, AccountPickle, OlmMessage, Session, SessionConfig, SessionPickle},
    sas::{Mac, Sas},
};

/// Counts the bytes that are in use, when it is told to.
struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static IN_USE: AtomicI64 = AtomicI64::new(0);

fn count(more: usize, less: usize) {
    if COUNTS.load(Relaxed) {
        IN_USE.fetch_add(more as i64 - less as i64, Relaxed);
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The key of all pickles, as on the other side.
const KEY: &[u8; 32] = b"a pickle key of the usual length";

/// Does an operation a number of times, and gives the time of that alone.
type Task = Box<dyn FnMut(usize) -> Duration>;

/// Times f on each input. The last result must be right.
fn timed<I, O>(
    mut inputs: Vec<I>,
    mut f: impl FnMut(&mut I) -> O,
    right: impl Fn(&O) -> bool,
) -> Duration {
    let mut last = None;
    let start = Instant::now();
    for input in &mut inputs {
        last = Some(black_box(f(black_box(input))));
    }
    let elapsed = start.elapsed();
    assert!(right(&last.expect("no input")), "wrong result");
    elapsed
}

fn many<T>(n: usize, f: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(f).take(n).collect()
}

fn plaintext(n: usize) -> Vec<u8> {
    (0..n).map(|i| i as u8).collect()
}

fn curve(text: &str) -> Curve25519PublicKey {
    Curve25519PublicKey::from_base64(text).unwrap()
}

fn text_of(m: OlmMessage) -> (bool, String) {
    match m {
        OlmMessage::PreKey(m) => (true, m.to_base64()),
        OlmMessage::Normal(m) => (false, m.to_base64()),
    }
}

fn parsed(first: bool, body: &str) -> OlmMessage {
    if first {
        OlmMessage::PreKey(body.try_into().unwrap())
    } else {
        OlmMessage::Normal(body.try_into().unwrap())
    }
}

fn pass(from: &mut Session, to: &mut Session, plaintext: &[u8]) -> Vec<u8> {
    let (first, body) = text_of(from.encrypt(plaintext).unwrap());
    to.decrypt(&parsed(first, &body)).unwrap()
}

/// Two ends of a session. Both were heard, alice speaks and bob has read her
/// chain so far.
fn conversation() -> (Session, Session) {
    let (a, mut b) = (Account::new(), Account::new());
    b.generate_one_time_keys(1);
    let one_time = *b.one_time_keys().values().next().unwrap();
    let mut alice = a
        .create_outbound_session(SessionConfig::version_1(), b.curve25519_key(), one_time)
        .unwrap();
    let OlmMessage::PreKey(hello) = alice.encrypt("hello").unwrap() else {
        panic!("no pre-key message")
    };
    let mut bob = b
        .create_inbound_session(SessionConfig::version_1(), a.curve25519_key(), &hello)
        .unwrap()
        .session;
    pass(&mut bob, &mut alice, b"hello");
    pass(&mut alice, &mut bob, b"hello");
    (alice, bob)
}

fn bodies(s: &mut Session, n: usize, plaintext: &[u8]) -> Vec<String> {
    many(n, || text_of(s.encrypt(plaintext).unwrap()).1)
}

fn inbound(key: &str) -> InboundGroupSession {
    InboundGroupSession::new(
        &SessionKey::from_base64(key).unwrap(),
        GroupConfig::version_1(),
    )
}

fn group_decrypt(s: &mut InboundGroupSession, text: &str) -> Vec<u8> {
    s.decrypt(&MegolmMessage::from_base64(text).unwrap())
        .unwrap()
        .plaintext
}

/// Makes an operation ready.
fn task(name: &str, given: Vec<String>) -> Option<Task> {
    let size = |prefix: &str| {
        let n = match name.strip_prefix(prefix)? {
            "4K" => 4096,
            "64K" => 65536,
            other => other.parse().ok()?,
        };
        Some(plaintext(n))
    };
    if let Some(want) = size("OlmEncrypt") {
        let (mut alice, _) = conversation();
        return Some(Box::new(move |n| {
            timed(
                vec![(); n],
                |_| text_of(alice.encrypt(&want).unwrap()),
                |m| m.1.len() > want.len(),
            )
        }));
    }
    if let Some(want) = size("OlmDecrypt") {
        let (mut alice, mut bob) = conversation();
        return Some(Box::new(move |n| {
            let inputs = bodies(&mut alice, n, &want);
            timed(
                inputs,
                |body| bob.decrypt(&parsed(false, body)).unwrap(),
                |p| *p == want,
            )
        }));
    }
    if let Some(want) = size("MegolmEncrypt") {
        let mut s = GroupSession::new(GroupConfig::version_1());
        return Some(Box::new(move |n| {
            timed(
                vec![(); n],
                |_| s.encrypt(&want).to_base64(),
                |m| m.len() > want.len(),
            )
        }));
    }
    if let Some(want) = size("MegolmDecFirst") {
        let mut s = GroupSession::new(GroupConfig::version_1());
        let key = s.session_key().to_base64();
        let text = s.encrypt(&want).to_base64();
        return Some(Box::new(move |n| {
            let sessions = many(n, || inbound(&key));
            timed(sessions, |s| group_decrypt(s, &text), |p| *p == want)
        }));
    }
    if let Some(count) = name.strip_prefix("OTK").and_then(|n| n.parse().ok()) {
        return Some(Box::new(move |n| {
            let made = |r: &vodozemac::olm::OneTimeKeyGenerationResult| r.created.len() == count;
            timed(
                many(n, Account::new),
                |a| a.generate_one_time_keys(count),
                made,
            )
        }));
    }
    simple(name)
        .or_else(|| sessions(name, &given))
        .or_else(|| stores(name))
        .or_else(|| pickles(name, &given))
}

fn simple(name: &str) -> Option<Task> {
    let message = plaintext(1024);
    let a = Account::new();
    Some(match name {
        "AccountNew" => Box::new(|n| timed(vec![(); n], |_| Account::new(), |_| true)),
        "Sign1K" => Box::new(move |n| {
            timed(
                vec![(); n],
                |_| a.sign(&message).to_base64(),
                |s| s.len() == 86,
            )
        }),
        "Verify1K" => {
            let (key, signature) = (a.ed25519_key().to_base64(), a.sign(&message).to_base64());
            Box::new(move |n| {
                let verify = |_: &mut ()| {
                    let key = Ed25519PublicKey::from_base64(&key).unwrap();
                    key.verify(
                        &message,
                        &Ed25519Signature::from_base64(&signature).unwrap(),
                    )
                };
                timed(vec![(); n], verify, Result::is_ok)
            })
        }
        "MegolmOutboundNew" => Box::new(|n| {
            timed(
                vec![(); n],
                |_| GroupSession::new(GroupConfig::version_1()),
                |_| true,
            )
        }),
        "SAS" => {
            let theirs = Sas::new().public_key().to_base64();
            let (info, mac_info) = ("i".repeat(150), "m".repeat(140));
            Box::new(move |n| {
                let verification = |_: &mut ()| {
                    let e = Sas::new().diffie_hellman_with_raw(&theirs).unwrap();
                    let code = e.bytes(&info);
                    let mac = e.calculate_mac(&theirs, &mac_info).to_base64();
                    e.verify_mac(&theirs, &mac_info, &Mac::from_base64(&mac).unwrap())
                        .unwrap();
                    (code, mac)
                };
                timed(vec![(); n], verification, |r| r.1.len() == 43)
            })
        }
        _ => return None,
    })
}

fn sessions(name: &str, given: &[String]) -> Option<Task> {
    let want = plaintext(256);
    let config = SessionConfig::version_1;
    let (given_key, given_texts) = (
        given.first().cloned(),
        given.get(1..).unwrap_or(&[]).to_vec(),
    );
    Some(match name {
        "OlmOutboundNew" => {
            let (a, mut b) = (Account::new(), Account::new());
            b.generate_one_time_keys(1);
            let identity = b.curve25519_key().to_base64();
            let one_time = b.one_time_keys().values().next()?.to_base64();
            Box::new(move |n| {
                let make = |_: &mut ()| {
                    a.create_outbound_session(config(), curve(&identity), curve(&one_time))
                };
                timed(vec![(); n], make, Result::is_ok)
            })
        }
        "OlmInboundNewDecrypt" => {
            let (a, mut b) = (Account::new(), Account::new());
            let identity = a.curve25519_key().to_base64();
            Box::new(move |n| {
                b.generate_one_time_keys(50 - b.one_time_keys().len());
                let mut inputs = Vec::new();
                for key in b.one_time_keys().into_values().take(n) {
                    let mut s = a
                        .create_outbound_session(config(), b.curve25519_key(), key)
                        .unwrap();
                    inputs.push(text_of(s.encrypt(&want).unwrap()).1);
                }
                let make = |body: &mut String| {
                    let OlmMessage::PreKey(m) = parsed(true, body) else {
                        unreachable!()
                    };
                    b.create_inbound_session(config(), curve(&identity), &m)
                        .unwrap()
                };
                timed(inputs, make, |made| made.plaintext == want)
            })
        }
        "OlmPingPongRound" => {
            let (mut alice, mut bob) = conversation();
            Box::new(move |n| {
                let round = |_: &mut ()| {
                    pass(&mut bob, &mut alice, &want);
                    pass(&mut alice, &mut bob, &want)
                };
                timed(vec![(); n], round, |p| *p == want)
            })
        }
        "OlmOutOfOrder20" => {
            let (mut alice, mut bob) = conversation();
            Box::new(move |n| {
                let inputs = many(n, || bodies(&mut alice, 20, &want));
                let all = |list: &mut Vec<String>| {
                    let mut last = Vec::new();
                    for body in list.iter().rev() {
                        last = bob.decrypt(&parsed(false, body)).unwrap();
                    }
                    last
                };
                timed(inputs, all, |p| *p == want)
            })
        }
        "OlmSkip1000" => {
            let (mut alice, bob) = conversation();
            let body = bodies(&mut alice, 1001, &want).pop()?;
            Box::new(move |n| {
                let inputs = many(n, || Session::from_pickle(bob.pickle()));
                timed(
                    inputs,
                    |s| s.decrypt(&parsed(false, &body)).unwrap(),
                    |p| *p == want,
                )
            })
        }
        "MegolmDecInOrder256" => {
            let mut s = GroupSession::new(GroupConfig::version_1());
            let mut session = inbound(&s.session_key().to_base64());
            Box::new(move |n| {
                let inputs = many(n, || s.encrypt(&want).to_base64());
                timed(
                    inputs,
                    |text| group_decrypt(&mut session, text),
                    |p| *p == want,
                )
            })
        }
        "MegolmDecAt1" | "MegolmDecAt1000" | "MegolmDecAt1M" => {
            let (key, text) = (given_key?, given_texts.into_iter().next()?);
            Box::new(move |n| {
                timed(
                    many(n, || inbound(&key)),
                    |s| group_decrypt(s, &text),
                    |p| p.len() == 256,
                )
            })
        }
        "MegolmDecRandom1M" => {
            let key = given_key?;
            Box::new(move |n| {
                let mut session = inbound(&key);
                let inputs = given_texts.iter().cycle().take(n).collect();
                timed(
                    inputs,
                    |text| group_decrypt(&mut session, text),
                    |p| p.len() == 256,
                )
            })
        }
        "IGSFromSessionKey" => {
            let key = GroupSession::new(GroupConfig::version_1())
                .session_key()
                .to_base64();
            Box::new(move |n| {
                timed(
                    vec![(); n],
                    |_| inbound(&key),
                    |s| s.first_known_index() == 0,
                )
            })
        }
        "IGSImport" | "IGSExport" => {
            let key = GroupSession::new(GroupConfig::version_1())
                .session_key()
                .to_base64();
            let mut s = inbound(&key);
            if name == "IGSExport" {
                return Some(Box::new(move |n| {
                    timed(
                        vec![(); n],
                        |_| s.export_at(0).unwrap().to_base64(),
                        |t| t.len() == 220,
                    )
                }));
            }
            let text = s.export_at(0)?.to_base64();
            Box::new(move |n| {
                timed(
                    vec![(); n],
                    |_| import(&text),
                    |s| s.first_known_index() == 0,
                )
            })
        }
        _ => return None,
    })
}

fn import(text: &str) -> InboundGroupSession {
    let key = ExportedSessionKey::from_base64(text).unwrap();
    InboundGroupSession::import(&key, GroupConfig::version_1())
}

/// A task that reads a pickle, and one that writes the object that was read.
fn both<T: 'static>(
    reads: bool,
    pickle: String,
    read: impl Fn(&str) -> T + 'static,
    write: impl Fn(&T) -> String + 'static,
) -> Task {
    if reads {
        return Box::new(move |n| timed(vec![(); n], |_| read(&pickle), |_| true));
    }
    let object = read(&pickle);
    Box::new(move |n| {
        timed(
            vec![(); n],
            |_| write(&object),
            |text| text.len() == pickle.len(),
        )
    })
}

fn pickles(name: &str, given: &[String]) -> Option<Task> {
    let pickle = given.first()?.clone();
    let own = name.starts_with("Vodozemac");
    let (verb, kind) = name.trim_start_matches("Vodozemac").split_once("ickle")?;
    let reads = verb == "Unp";
    if !own && !reads && kind != "Account100" {
        return None; // it writes no other pickle of libolm's
    }
    Some(match (own, kind) {
        (true, "Account100") => both(
            reads,
            pickle,
            |t| Account::from_pickle(AccountPickle::from_encrypted(t, KEY).unwrap()),
            |a| a.pickle().encrypt(KEY),
        ),
        (true, "Session") => both(
            reads,
            pickle,
            |t| Session::from_pickle(SessionPickle::from_encrypted(t, KEY).unwrap()),
            |s| s.pickle().encrypt(KEY),
        ),
        (true, "OGS") => both(
            reads,
            pickle,
            |t| GroupSession::from_pickle(GroupSessionPickle::from_encrypted(t, KEY).unwrap()),
            |s| s.pickle().encrypt(KEY),
        ),
        (true, "IGS") => both(
            reads,
            pickle,
            |t| {
                InboundGroupSession::from_pickle(
                    InboundGroupSessionPickle::from_encrypted(t, KEY).unwrap(),
                )
            },
            |s| s.pickle().encrypt(KEY),
        ),
        (false, "Account100") => both(
            reads,
            pickle,
            |t| Account::from_libolm_pickle(t, KEY).unwrap(),
            |a| a.to_libolm_pickle(KEY).unwrap(),
        ),
        (false, "Session") => both(
            reads,
            pickle,
            |t| Session::from_libolm_pickle(t, KEY).unwrap(),
            |_| unreachable!(),
        ),
        (false, "OGS") => both(
            reads,
            pickle,
            |t| GroupSession::from_libolm_pickle(t, KEY).unwrap(),
            |_| unreachable!(),
        ),
        (false, "IGS") => both(
            reads,
            pickle,
            |t| InboundGroupSession::from_libolm_pickle(t, KEY).unwrap(),
            |_| unreachable!(),
        ),
        _ => return None,
    })
}

/// Reads an object, uses it, and writes it back.
fn stores(name: &str) -> Option<Task> {
    let want = plaintext(256);
    Some(match name {
        "StoreOlmEncrypt256" => {
            let pickle = conversation().0.pickle().encrypt(KEY);
            let once = move |_: &mut ()| {
                let mut s =
                    Session::from_pickle(SessionPickle::from_encrypted(&pickle, KEY).unwrap());
                let text = text_of(s.encrypt(&want).unwrap());
                (text, s.pickle().encrypt(KEY))
            };
            Box::new(move |n| timed(vec![(); n], &once, |r| !r.1.is_empty()))
        }
        "StoreMegolmEncrypt256" => {
            let pickle = GroupSession::new(GroupConfig::version_1())
                .pickle()
                .encrypt(KEY);
            let once = move |_: &mut ()| {
                let read = GroupSessionPickle::from_encrypted(&pickle, KEY).unwrap();
                let mut s = GroupSession::from_pickle(read);
                let text = s.encrypt(&want).to_base64();
                (text, s.pickle().encrypt(KEY))
            };
            Box::new(move |n| timed(vec![(); n], &once, |r| !r.1.is_empty()))
        }
        "StoreMegolmDecrypt256" => {
            let mut sender = GroupSession::new(GroupConfig::version_1());
            let pickle = inbound(&sender.session_key().to_base64())
                .pickle()
                .encrypt(KEY);
            sender.encrypt(&want);
            let text = sender.encrypt(&want).to_base64(); // the second moves the session
            let once = move |_: &mut ()| {
                let read = InboundGroupSessionPickle::from_encrypted(&pickle, KEY).unwrap();
                let mut s = InboundGroupSession::from_pickle(read);
                (group_decrypt(&mut s, &text), s.pickle().encrypt(KEY))
            };
            Box::new(move |n| timed(vec![(); n], &once, |r| r.0 == plaintext(256)))
        }
        _ => return None,
    })
}

/// How often each item of the first two jobs is worked on.
const TIMES: usize = 10;

/// Work on many items that do not depend on each other.
enum Job {
    Encrypt(Vec<Session>),
    Store(Vec<String>),
    Contact(Box<Account>, String, String),
    History(String, String),
}

fn job(name: &str, items: usize, given: &[String]) -> Option<Job> {
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
    fn run(&mut self, threads: usize, items: usize) -> Duration {
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
        }
    }
}

/// Gives the bytes that a number of objects take, without the list of them.
fn hold<T>(count: usize, f: impl Fn() -> T) -> i64 {
    let mut list: Vec<Box<T>> = Vec::with_capacity(count);
    let before = IN_USE.load(Relaxed);
    COUNTS.store(true, Relaxed);
    for _ in 0..count {
        list.push(Box::new(f()));
    }
    COUNTS.store(false, Relaxed);
    black_box(&list);
    IN_USE.load(Relaxed) - before
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
            if let Some(made) = task(&name, given) {
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
