//! The random bytes that vodozemac draws. They follow from a seed that comes
//! with each request, so that a conversation can be played again.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

#[cfg(not(getrandom_backend = "custom"))]
compile_error!("vodozemac would draw from the system: build this with the script beside it");

static SEED: Mutex<([u8; 32], u64)> = Mutex::new(([0; 32], 0));

/// Begins a stream.
pub fn seed(seed: [u8; 32]) {
    *SEED.lock().unwrap() = (seed, 0);
}

/// Gives 32 bytes for each number: SHA-256 of the seed and the number.
fn fill(out: &mut [u8]) {
    let mut state = SEED.lock().unwrap();
    for block in out.chunks_mut(32) {
        let (seed, n) = *state;
        state.1 += 1;
        let digest = Sha256::new()
            .chain_update(seed)
            .chain_update(n.to_be_bytes())
            .finalize();
        block.copy_from_slice(&digest[..block.len()]);
    }
}

/// The function that the crate getrandom asks for.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    dest: *mut u8,
    len: usize,
) -> Result<(), getrandom::Error> {
    unsafe { dest.write_bytes(0, len) };
    fill(unsafe { std::slice::from_raw_parts_mut(dest, len) });
    Ok(())
}
