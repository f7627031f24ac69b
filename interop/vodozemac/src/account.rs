//! Accounts and dehydrated devices.

use hkdf::Hkdf;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use vodozemac::{
    Curve25519PublicKey, KeyId,
    olm::{Account, AccountPickle, OlmMessage, SessionConfig},
};

use crate::{Answer, Failure, Object, PickleKey, Request, encode, session};

fn give(request: &mut Request, account: Account) -> Answer {
    let keys = account.identity_keys();
    let answer =
        json!({"curve25519": keys.curve25519.to_base64(), "ed25519": keys.ed25519.to_base64()});
    request.give(Object::Account(Box::new(account)));
    Ok(answer)
}

/// The key of a dehydrated device of version 1, which is a libolm pickle.
fn expand(request: &Request) -> Result<[u8; 32], Failure> {
    let device = request.text("device")?;
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(device.as_bytes()), &request.key32()?)
        .expand(b"dehydrated-device-pickle-key", &mut key)
        .map_err(|_| Failure("expand".into()))?;
    Ok(key)
}

pub fn make(what: &str, request: &mut Request) -> Answer {
    let account = match what {
        "new" => Account::new(),
        "unpickle" => match request.key()? {
            PickleKey::Own(key) => Account::from_pickle(AccountPickle::from_encrypted(
                request.text("pickle")?,
                &key,
            )?),
            PickleKey::Libolm(key) => Account::from_libolm_pickle(request.text("pickle")?, &key)?,
        },
        "rehydrate" => Account::from_dehydrated_device(
            request.text("pickle")?,
            request.text("nonce")?,
            &request.key32()?,
        )?,
        "rehydrate v1" => Account::from_libolm_pickle(request.text("pickle")?, &expand(request)?)?,
        _ => return Err(Failure(format!("account.{what}"))),
    };
    give(request, account)
}

fn listed(keys: impl IntoIterator<Item = (KeyId, Curve25519PublicKey)>) -> Value {
    let keys: Map<_, _> = keys
        .into_iter()
        .map(|(id, key)| (id.to_base64(), json!(key.to_base64())))
        .collect();
    json!({"keys": keys})
}

pub fn on(a: &mut Account, what: &str, request: &mut Request) -> Answer {
    let curve = |name: &str| -> Result<_, Failure> {
        Ok(Curve25519PublicKey::from_base64(request.text(name)?)?)
    };
    match what {
        "sign" => Ok(json!({"text": a.sign(request.bytes("message")?).to_base64()})),
        "generate one-time keys" => {
            a.generate_one_time_keys(request.number("count")? as usize);
            Ok(json!({}))
        }
        "one-time keys" => Ok(listed(a.one_time_keys())),
        "generate fallback key" => {
            a.generate_fallback_key();
            Ok(json!({}))
        }
        "fallback key" => Ok(listed(a.fallback_key())),
        "forget fallback key" => {
            a.forget_fallback_key();
            Ok(json!({}))
        }
        "publish" => {
            a.mark_keys_as_published();
            Ok(json!({}))
        }
        "outbound" => {
            let made = a.create_outbound_session(
                SessionConfig::version_1(),
                curve("identity")?,
                curve("one-time key")?,
            )?;
            session::give(request, made)
        }
        "inbound" => {
            let OlmMessage::PreKey(message) = session::message(0, request.text("body")?)? else {
                return Err(Failure("no pre-key message".into()));
            };
            let made =
                a.create_inbound_session(SessionConfig::version_1(), curve("identity")?, &message)?;
            let mut answer = session::give(request, made.session)?;
            answer["bytes"] = json!(encode(made.plaintext));
            Ok(answer)
        }
        "pickle" => Ok(json!({"text": a.pickle().encrypt(&request.key32()?)})),
        "dehydrate" => {
            let made = a.to_dehydrated_device(&request.key32()?)?;
            Ok(json!({"text": made.ciphertext, "nonce": made.nonce}))
        }
        "dehydrate v1" => Ok(json!({"text": a.to_libolm_pickle(&expand(request)?)?})),
        _ => Err(Failure(format!("account.{what} on an account"))),
    }
}
