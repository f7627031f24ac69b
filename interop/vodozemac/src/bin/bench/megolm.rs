//! Messages and sessions of Megolm.

use vodozemac::megolm::{
    ExportedSessionKey, GroupSession, InboundGroupSession, SessionConfig as GroupConfig,
};

use crate::task::{Task, group_decrypt, inbound, many, plaintext, size, timed};

pub fn task(name: &str, given: &[String]) -> Option<Task> {
    if let Some(want) = size(name, "MegolmEncrypt") {
        let mut s = GroupSession::new(GroupConfig::version_1());
        return Some(Box::new(move |n| {
            timed(
                vec![(); n],
                |_| s.encrypt(&want).to_base64(),
                |m| m.len() > want.len(),
            )
        }));
    }
    if let Some(want) = size(name, "MegolmDecFirst") {
        let mut s = GroupSession::new(GroupConfig::version_1());
        let key = s.session_key().to_base64();
        let text = s.encrypt(&want).to_base64();
        return Some(Box::new(move |n| {
            let sessions = many(n, || inbound(&key));
            timed(sessions, |s| group_decrypt(s, &text), |p| *p == want)
        }));
    }
    let want = plaintext(256);
    let (given_key, given_texts) = (
        given.first().cloned(),
        given.get(1..).unwrap_or(&[]).to_vec(),
    );
    Some(match name {
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

pub fn import(text: &str) -> InboundGroupSession {
    let key = ExportedSessionKey::from_base64(text).unwrap();
    InboundGroupSession::import(&key, GroupConfig::version_1())
}
