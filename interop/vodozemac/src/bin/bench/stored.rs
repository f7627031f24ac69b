//! Pickles.

use vodozemac::{
    megolm::{
        GroupSession, GroupSessionPickle, InboundGroupSession, InboundGroupSessionPickle,
        SessionConfig as GroupConfig,
    },
    olm::{Account, AccountPickle, Session, SessionPickle},
};

use crate::task::{KEY, Task, conversation, group_decrypt, inbound, plaintext, text_of, timed};

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

pub fn pickles(name: &str, given: &[String]) -> Option<Task> {
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
pub fn stores(name: &str) -> Option<Task> {
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
