//! Accounts, signatures and new keys.

use vodozemac::{
    Ed25519PublicKey, Ed25519Signature,
    megolm::{GroupSession, SessionConfig as GroupConfig},
    olm::{Account, OneTimeKeyGenerationResult},
};

use crate::task::{Task, many, plaintext, timed};

pub fn task(name: &str) -> Option<Task> {
    if let Some(count) = name.strip_prefix("OTK").and_then(|n| n.parse().ok()) {
        return Some(Box::new(move |n| {
            let made = |r: &OneTimeKeyGenerationResult| r.created.len() == count;
            timed(
                many(n, Account::new),
                |a| a.generate_one_time_keys(count),
                made,
            )
        }));
    }
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
        _ => return None,
    })
}
