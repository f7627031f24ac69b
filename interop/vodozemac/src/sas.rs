//! Short authentication strings.

use serde_json::json;
use vodozemac::{
    Curve25519PublicKey,
    sas::{EstablishedSas, Mac, Sas},
};

use crate::{Answer, Failure, Object, Request, encode};

pub fn make(what: &str, request: &mut Request) -> Answer {
    if what != "new" {
        return Err(Failure(format!("sas.{what}")));
    }
    let sas = Sas::new();
    let answer = json!({"curve25519": sas.public_key().to_base64()});
    request.give(Object::Sas(Some(sas)));
    Ok(answer)
}

/// The keys are used up by an agreement, also by one that fails.
pub fn agree(sas: &mut Option<Sas>, request: &mut Request) -> Answer {
    let theirs = Curve25519PublicKey::from_base64(request.text("identity")?)?;
    let sas = sas.take().ok_or(Failure("used already".into()))?;
    let established = sas.diffie_hellman(theirs)?;
    request.give(Object::Established(Box::new(established)));
    Ok(json!({}))
}

pub fn on(sas: &EstablishedSas, what: &str, request: &mut Request) -> Answer {
    let info = request.text("info")?;
    match what {
        "bytes" => {
            Ok(json!({"bytes": encode(sas.bytes_raw(info, request.number("count")? as usize)?)}))
        }
        "code" => {
            let code = sas.bytes(info);
            let (a, b, c) = code.decimals();
            Ok(json!({"emoji": code.emoji_indices(), "decimals": [a, b, c]}))
        }
        "mac" => Ok(json!({"text": sas.calculate_mac(request.text("message")?, info).to_base64()})),
        "legacy mac" => {
            let mac = sas.calculate_mac_invalid_base64(request.text("message")?, info);
            Ok(json!({"text": mac}))
        }
        "verify" => {
            let mac = Mac::from_base64(request.text("mac")?)?;
            sas.verify_mac(request.text("message")?, info, &mac)?;
            Ok(json!({}))
        }
        _ => Err(Failure(format!("established.{what}"))),
    }
}
