//! Olm sessions.

use serde_json::{Value, json};
use vodozemac::olm::{OlmMessage, Session, SessionPickle};

use crate::{Answer, Failure, Object, PickleKey, Request, encode};

/// What the other side keeps of a session.
fn state(s: &Session) -> Value {
    let keys = s.session_keys();
    json!({
        "id": s.session_id(), "received": s.has_received_message(),
        "session keys": [keys.identity_key.to_base64(), keys.base_key.to_base64(), keys.one_time_key.to_base64()],
    })
}

pub fn give(request: &mut Request, s: Session) -> Answer {
    let answer = state(&s);
    request.give(Object::Session(Box::new(s)));
    Ok(answer)
}

pub fn message(kind: u64, body: &str) -> Result<OlmMessage, Failure> {
    Ok(match kind {
        0 => OlmMessage::PreKey(body.try_into()?),
        _ => OlmMessage::Normal(body.try_into()?),
    })
}

pub fn make(what: &str, request: &mut Request) -> Answer {
    let s = match what {
        // The keys of a pre-key message, which it shares with its session.
        "keys of" => {
            let OlmMessage::PreKey(m) = message(0, request.text("body")?)? else {
                return Err(Failure("no pre-key message".into()));
            };
            let keys = [m.identity_key(), m.base_key(), m.one_time_key()].map(|k| k.to_base64());
            return Ok(json!({"session keys": keys}));
        }
        "unpickle" => match request.key()? {
            PickleKey::Own(key) => Session::from_pickle(SessionPickle::from_encrypted(
                request.text("pickle")?,
                &key,
            )?),
            PickleKey::Libolm(key) => Session::from_libolm_pickle(request.text("pickle")?, &key)?,
        },
        _ => return Err(Failure(format!("session.{what}"))),
    };
    give(request, s)
}

pub fn on(s: &mut Session, what: &str, request: &mut Request) -> Answer {
    match what {
        "encrypt" => {
            let (kind, body) = s.encrypt(request.bytes("message")?)?.to_parts();
            Ok(json!({"type": kind, "text": encode(body)}))
        }
        "decrypt" => {
            let plaintext = s.decrypt(&message(request.number("type")?, request.text("body")?)?)?;
            let mut answer = state(s);
            answer["bytes"] = json!(encode(plaintext));
            Ok(answer)
        }
        "pickle" => Ok(json!({"text": s.pickle().encrypt(&request.key32()?)})),
        _ => Err(Failure(format!("session.{what} on a session"))),
    }
}
