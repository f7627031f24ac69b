//! What the operations share.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use vodozemac::{
    Curve25519PublicKey,
    megolm::{InboundGroupSession, MegolmMessage, SessionConfig as GroupConfig, SessionKey},
    olm::{Account, OlmMessage, Session, SessionConfig},
};

/// The key of all pickles, as on the other side.
pub const KEY: &[u8; 32] = b"a pickle key of the usual length";

/// Does an operation a number of times, and gives the time of that alone.
pub type Task = Box<dyn FnMut(usize) -> Duration>;

/// Times f on each input. The last result must be right.
pub fn timed<I, O>(
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

pub fn many<T>(n: usize, f: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(f).take(n).collect()
}

pub fn plaintext(n: usize) -> Vec<u8> {
    (0..n).map(|i| i as u8).collect()
}

pub fn curve(text: &str) -> Curve25519PublicKey {
    Curve25519PublicKey::from_base64(text).unwrap()
}

pub fn text_of(m: OlmMessage) -> (bool, String) {
    match m {
        OlmMessage::PreKey(m) => (true, m.to_base64()),
        OlmMessage::Normal(m) => (false, m.to_base64()),
    }
}

pub fn parsed(first: bool, body: &str) -> OlmMessage {
    if first {
        OlmMessage::PreKey(body.try_into().unwrap())
    } else {
        OlmMessage::Normal(body.try_into().unwrap())
    }
}

pub fn pass(from: &mut Session, to: &mut Session, plaintext: &[u8]) -> Vec<u8> {
    let (first, body) = text_of(from.encrypt(plaintext).unwrap());
    to.decrypt(&parsed(first, &body)).unwrap()
}

/// Two ends of a session. Both were heard, alice speaks and bob has read her
/// chain so far.
pub fn conversation() -> (Session, Session) {
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

pub fn bodies(s: &mut Session, n: usize, plaintext: &[u8]) -> Vec<String> {
    many(n, || text_of(s.encrypt(plaintext).unwrap()).1)
}

pub fn inbound(key: &str) -> InboundGroupSession {
    InboundGroupSession::new(
        &SessionKey::from_base64(key).unwrap(),
        GroupConfig::version_1(),
    )
}

pub fn group_decrypt(s: &mut InboundGroupSession, text: &str) -> Vec<u8> {
    s.decrypt(&MegolmMessage::from_base64(text).unwrap())
        .unwrap()
        .plaintext
}

/// The plaintext of an operation whose name is prefix and size.
pub fn size(name: &str, prefix: &str) -> Option<Vec<u8>> {
    let n = match name.strip_prefix(prefix)? {
        "4K" => 4096,
        "64K" => 65536,
        other => other.parse().ok()?,
    };
    Some(plaintext(n))
}
