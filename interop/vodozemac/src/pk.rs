//! The public-key box of libolm, and signatures by a seed.

use serde_json::json;
use vodozemac::{
    Curve25519PublicKey, Curve25519SecretKey, Ed25519SecretKey,
    pk_encryption::{Message, PkDecryption, PkEncryption},
};

use crate::{Answer, Failure, Object, Request, encode};

pub fn make(what: &str, request: &mut Request) -> Answer {
    let key = match what {
        "new" => PkDecryption::from_key(Curve25519SecretKey::from_slice(&request.key32()?)),
        "unpickle" => {
            PkDecryption::from_libolm_pickle(request.text("pickle")?, &request.bytes("key")?)?
        }
        "encrypt" => {
            let public = Curve25519PublicKey::from_base64(request.text("identity")?)?;
            let m = PkEncryption::from_key(public).encrypt(&request.bytes("message")?)?;
            return Ok(
                json!({"box": [encode(m.ciphertext), encode(m.mac), m.ephemeral_key.to_base64()]}),
            );
        }
        "sign" => {
            let key = Ed25519SecretKey::from_slice(&request.key32()?);
            let signature = key.sign(&request.bytes("message")?);
            return Ok(
                json!({"ed25519": key.public_key().to_base64(), "text": signature.to_base64()}),
            );
        }
        _ => return Err(Failure(format!("pk.{what}"))),
    };
    let answer = json!({"curve25519": key.public_key().to_base64()});
    request.give(Object::Pk(Box::new(key)));
    Ok(answer)
}

pub fn on(key: &PkDecryption, what: &str, request: &mut Request) -> Answer {
    match what {
        "decrypt" => {
            let m = Message::from_base64(
                request.text("ciphertext")?,
                request.text("mac")?,
                request.text("ephemeral")?,
            )?;
            Ok(json!({"bytes": encode(key.decrypt(&m)?)}))
        }
        "pickle" => Ok(json!({"text": key.to_libolm_pickle(&request.bytes("key")?)?})),
        _ => Err(Failure(format!("pk.{what} on a key"))),
    }
}
