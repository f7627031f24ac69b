//! What objects take of memory.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
};

/// Counts the bytes that are in use, when it is told to.
struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static IN_USE: AtomicI64 = AtomicI64::new(0);

fn count(more: usize, less: usize) {
    if COUNTS.load(Relaxed) {
        IN_USE.fetch_add(more as i64 - less as i64, Relaxed);
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
/// Gives the bytes that a number of objects take, without the list of them.
pub fn hold<T>(count: usize, f: impl Fn() -> T) -> i64 {
    let mut list: Vec<Box<T>> = Vec::with_capacity(count);
    let before = IN_USE.load(Relaxed);
    COUNTS.store(true, Relaxed);
    for _ in 0..count {
        list.push(Box::new(f()));
    }
    COUNTS.store(false, Relaxed);
    black_box(&list);
    IN_USE.load(Relaxed) - before
}
