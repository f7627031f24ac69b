//! Messages and sessions of Olm.

use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};

use crate::task::{
    Task, bodies, conversation, curve, many, parsed, pass, plaintext, size, text_of, timed,
};

pub fn task(name: &str) -> Option<Task> {
    if let Some(want) = size(name, "OlmEncrypt") {
        let (mut alice, _) = conversation();
        return Some(Box::new(move |n| {
            timed(
                vec![(); n],
                |_| text_of(alice.encrypt(&want).unwrap()),
                |m| m.1.len() > want.len(),
            )
        }));
    }
    if let Some(want) = size(name, "OlmDecrypt") {
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
    let want = plaintext(256);
    let config = SessionConfig::version_1;
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
        _ => return None,
    })
}
