//! SAS, and the public-key box of backups.

use vodozemac::{
    pk_encryption::{Message, PkDecryption, PkEncryption},
    sas::{Mac, Sas},
};

use crate::task::{Task, curve, timed};

pub fn task(name: &str) -> Option<Task> {
    // Of the length of a backed-up room key.
    let plaintext = vec![b'a'; 500];
    let key = PkDecryption::new();
    let encode = |m: Message| {
        let text = vodozemac::base64_encode;
        [text(m.ciphertext), text(m.mac), m.ephemeral_key.to_base64()]
    };
    Some(match name {
        "SAS" => {
            let theirs = Sas::new().public_key().to_base64();
            let (info, mac_info) = ("i".repeat(150), "m".repeat(140));
            Box::new(move |n| {
                let verification = |_: &mut ()| {
                    let e = Sas::new().diffie_hellman_with_raw(&theirs).unwrap();
                    let code = e.bytes(&info);
                    let mac = e.calculate_mac(&theirs, &mac_info).to_base64();
                    e.verify_mac(&theirs, &mac_info, &Mac::from_base64(&mac).unwrap())
                        .unwrap();
                    (code, mac)
                };
                timed(vec![(); n], verification, |r| r.1.len() == 43)
            })
        }
        "PKEncrypt" => {
            let public = key.public_key().to_base64();
            Box::new(move |n| {
                let encrypt = |_: &mut ()| {
                    let to = PkEncryption::from_key(curve(&public));
                    encode(to.encrypt(&plaintext).unwrap())
                };
                let right = |b: &[String; 3]| {
                    let m = Message::from_base64(&b[0], &b[1], &b[2]).unwrap();
                    key.decrypt(&m).unwrap() == plaintext
                };
                timed(vec![(); n], encrypt, right)
            })
        }
        "PKDecrypt" => {
            let to = PkEncryption::from(&key);
            let [ciphertext, mac, ephemeral] = encode(to.encrypt(&plaintext).unwrap());
            Box::new(move |n| {
                let decrypt = |_: &mut ()| {
                    let m = Message::from_base64(&ciphertext, &mac, &ephemeral).unwrap();
                    key.decrypt(&m).unwrap()
                };
                timed(vec![(); n], decrypt, |p| *p == plaintext)
            })
        }
        _ => return None,
    })
}
