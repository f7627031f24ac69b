//! Megolm sessions.

use serde_json::{Value, json};
use vodozemac::megolm::{
    DecryptionError, ExportedSessionKey, GroupSession, GroupSessionPickle, InboundGroupSession,
    InboundGroupSessionPickle, MegolmMessage, SessionConfig, SessionKey,
};

use crate::{Answer, Failure, Object, PickleKey, Request, encode};

pub fn make_outbound(what: &str, request: &mut Request) -> Answer {
    let g = match what {
        "new" => GroupSession::new(SessionConfig::version_1()),
        "unpickle" => match request.key()? {
            PickleKey::Own(key) => GroupSession::from_pickle(GroupSessionPickle::from_encrypted(
                request.text("pickle")?,
                &key,
            )?),
            PickleKey::Libolm(key) => {
                GroupSession::from_libolm_pickle(request.text("pickle")?, &key)?
            }
        },
        _ => return Err(Failure(format!("outbound.{what}"))),
    };
    let answer = json!({"id": g.session_id(), "index": g.message_index()});
    request.give(Object::Outbound(Box::new(g)));
    Ok(answer)
}

pub fn on_outbound(g: &mut GroupSession, what: &str, request: &mut Request) -> Answer {
    match what {
        "session key" => Ok(json!({"text": g.session_key().to_base64()})),
        "encrypt" => {
            let text = g.encrypt(request.bytes("message")?).to_base64();
            Ok(json!({"text": text, "index": g.message_index()}))
        }
        "pickle" => Ok(json!({"text": g.pickle().encrypt(&request.key32()?)})),
        _ => Err(Failure(format!("outbound.{what} on a session"))),
    }
}

/// What the other side keeps of a session. That the signing key is verified
/// stands in the pickle only.
fn state(g: &InboundGroupSession) -> Answer {
    let pickle = serde_json::to_value(g.pickle())?;
    Ok(
        json!({"id": g.session_id(), "index": g.first_known_index(), "verified": pickle["signing_key_verified"]}),
    )
}

pub fn make_inbound(what: &str, request: &mut Request) -> Answer {
    let config = SessionConfig::version_1();
    let g = match what {
        "new" => InboundGroupSession::new(&SessionKey::from_base64(request.text("text")?)?, config),
        "import" => InboundGroupSession::import(
            &ExportedSessionKey::from_base64(request.text("text")?)?,
            config,
        ),
        "unpickle" => match request.key()? {
            PickleKey::Own(key) => InboundGroupSession::from_pickle(
                InboundGroupSessionPickle::from_encrypted(request.text("pickle")?, &key)?,
            ),
            PickleKey::Libolm(key) => {
                InboundGroupSession::from_libolm_pickle(request.text("pickle")?, &key)?
            }
        },
        _ => return Err(Failure(format!("inbound.{what}"))),
    };
    let answer = state(&g);
    request.give(Object::Inbound(Box::new(g)));
    answer
}

fn unknown() -> Value {
    json!({"error": "unknown message index", "unknown index": true})
}

pub fn on_inbound(g: &mut InboundGroupSession, what: &str, request: &mut Request) -> Answer {
    match what {
        "decrypt" => match g.decrypt(&MegolmMessage::from_base64(request.text("body")?)?) {
            Ok(m) => {
                let mut answer = state(g)?;
                answer["bytes"] = json!(encode(m.plaintext));
                answer["at"] = json!(m.message_index);
                Ok(answer)
            }
            Err(DecryptionError::UnknownMessageIndex(..)) => Ok(unknown()),
            Err(e) => Err(e.into()),
        },
        "export" => Ok(g
            .export_at(request.number("index")? as u32)
            .map_or_else(unknown, |e| json!({"text": e.to_base64()}))),
        "pickle" => Ok(json!({"text": g.pickle().encrypt(&request.key32()?)})),
        _ => Err(Failure(format!("inbound.{what} on a session"))),
    }
}

/// How two copies of a session relate, and what has the best of both.
pub fn merge(
    a: &mut InboundGroupSession,
    b: &mut InboundGroupSession,
    request: &mut Request,
) -> Answer {
    let order = format!("{:?}", a.compare(b)).to_lowercase();
    let Some(merged) = a.merge(b) else {
        return Ok(json!({"text": order}));
    };
    let mut answer = state(&merged)?;
    answer["text"] = json!(order);
    request.give(Object::Inbound(Box::new(merged)));
    Ok(answer)
}
