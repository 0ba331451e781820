// SPDX-License-Identifier: MIT
//! What is tried, case by case. A case that finds something else than it should says so, in one line.

use crate::clock;
use crate::console::say;
use core::arch::asm;
use core::sync::atomic::Ordering::Relaxed;
use stile::{nr, Error, Info, Ipa, Mailbox, NrBytes, NrPages, Port, Share, VcpuPage, VmPage};

/// A page of the VM's that nothing is in: its memory is 32 MiB from 0x40000000 on.
const PAGE: Ipa = Ipa(0x4100_0000);
const WORD: u64 = 0x53_5449_4C45;
const NO_CALL: u32 = stile::FID_BASE + 0xF;

/// What the calls were answered that begin to talk.
pub struct Start {
    early: Result<(), Error>,
    wrong: Result<u32, Error>,
    agreed: Result<u32, Error>,
}

pub const ALL: [(&str, fn(&Start) -> bool); 8] = [
    ("a_version_is_agreed_on", a_version_is_agreed_on),
    ("info_is_told", info_is_told),
    ("registers_go_to_the_console", registers_go_to_the_console),
    ("a_page_goes_and_comes_back_empty", a_page_goes_and_comes_back_empty),
    ("errors_are_those_of_the_table", errors_are_those_of_the_table),
    ("pages_say_what_calls_say", pages_say_what_calls_say),
    ("the_clock_goes_on", the_clock_goes_on),
    ("many_calls_are_made_by_one", many_calls_are_made_by_one),
];

/// Ends the case unless both are the same.
macro_rules! expect_eq {
    ($found:expr, $expected:expr) => {
        match ($found, $expected) {
            (found, expected) => {
                if found != expected {
                    let what = concat!(file!(), ":", line!(), ": ", stringify!($found));
                    say!("    # {} is {:x?}, not {:x?}", what, found, expected);
                    return false;
                }
            }
        }
    };
}

/// A page that core_info tells of.
///
/// # Safety
///
/// What the item is the address of must be a `T`. start.S maps the shared pages, to where they are.
unsafe fn page_of<T>(item: Info) -> &'static T {
    let address = stile::core_info(item.0).unwrap_or(0);

    (address as *const T).as_ref().expect("core_info tells where it is")
}

/// The word in PAGE. Volatile: a call may put another page there.
fn word() -> u64 {
    unsafe { (PAGE.0 as *const u64).read_volatile() }
}

pub fn agree() -> Start {
    Start {
        early: stile::core_null(),
        wrong: stile::core_version(stile::VERSION_CURRENT + (99 << 16)),
        agreed: stile::core_version(stile::VERSION_CURRENT),
    }
}

fn a_version_is_agreed_on(start: &Start) -> bool {
    let spoken = u64::from(stile::VERSION_CURRENT);

    expect_eq!(start.early, Err(Error::NotSupported));
    expect_eq!(start.wrong, Err(Error::BadVersion(spoken)));
    expect_eq!(start.agreed, Ok(stile::VERSION_CURRENT));
    expect_eq!(stile::core_null(), Ok(()));
    true
}

fn info_is_told(_: &Start) -> bool {
    let frequency: u64;

    unsafe { asm!("mrs {}, cntfrq_el0", out(reg) frequency, options(nomem, nostack)) };
    expect_eq!(stile::core_info(Info::NR_VCPUS.0), Ok(1));
    expect_eq!(stile::core_info(Info::VCPU_ID.0), Ok(0));
    expect_eq!(stile::core_info(Info::PAGE_BYTES.0), Ok(u64::from(stile::PAGE_SIZE)));
    expect_eq!(stile::core_info(Info::TICKS_PER_SEC.0), Ok(frequency));
    expect_eq!(stile::core_info(u32::MAX), Err(Error::InvalidArgument(1)));
    true
}

fn registers_go_to_the_console(_: &Start) -> bool {
    let text = *b"    # by registers\n\0\0\0\0\0";
    let words: [u64; 3] = unsafe { core::mem::transmute(text) };
    let length = NrBytes(19);

    expect_eq!(stile::console_write(length, words[0], words[1], words[2], 0), Ok(length));
    expect_eq!(stile::console_write(NrBytes(33), 0, 0, 0, 0), Err(Error::InvalidArgument(1)));
    expect_eq!(stile::console_read(NrBytes(9)), Err(Error::InvalidArgument(1)));
    expect_eq!(stile::console_read(NrBytes(8)).map(|read| read.length), Ok(NrBytes(0)));
    true
}

fn a_page_goes_and_comes_back_empty(_: &Start) -> bool {
    let one = NrPages(1);
    let mapped = u64::from(stile::MEMORY_MAPPED);
    let what = || unsafe { stile::memory_query(PAGE) }.map(|found| found.what & mapped);

    unsafe { (PAGE.0 as *mut u64).write_volatile(WORD) };
    expect_eq!(word(), WORD);
    expect_eq!(what(), Ok(mapped));
    expect_eq!(unsafe { stile::memory_map(PAGE, one) }, Err(Error::AlreadyMapped));

    // Nothing of Rust's is in the page.
    expect_eq!(unsafe { stile::memory_unmap(PAGE, one) }, Ok(one));
    expect_eq!(what(), Ok(0));
    expect_eq!(unsafe { stile::memory_unmap(PAGE, one) }, Err(Error::NotMapped));

    expect_eq!(unsafe { stile::memory_map(PAGE, one) }, Ok(one));
    let found = unsafe { stile::memory_query(PAGE) };
    expect_eq!(found.map(|found| (found.base, found.length)), Ok((PAGE, NrBytes(4096))));
    expect_eq!(word(), 0);
    true
}

fn errors_are_those_of_the_table(_: &Start) -> bool {
    let unaligned = Ipa(PAGE.0 + 1);

    expect_eq!(
        unsafe { stile::memory_unmap(unaligned, NrPages(1)) },
        Err(Error::InvalidArgument(1))
    );
    expect_eq!(unsafe { stile::memory_unmap(PAGE, NrPages(0)) }, Err(Error::InvalidArgument(2)));
    expect_eq!(unsafe { stile::memory_release(Share(77)) }, Err(Error::NotFound));
    expect_eq!(stile::event_send(Port(stile::PORT_FIRST)), Err(Error::NotFound));
    expect_eq!(stile::console_notify(), Err(Error::Busy));
    expect_eq!(unsafe { stile::hvc(NO_CALL, [0; 6]) }, [-1_i64 as u64, 0, 0, 0]);
    expect_eq!(Error::from_status(-7777, 0), Error::Other(-7777));
    expect_eq!(Error::NotFound.status(), -4104);
    true
}

fn pages_say_what_calls_say(_: &Start) -> bool {
    let vm: &VmPage = unsafe { page_of(Info::VM_PAGE) };
    let vcpu: &VcpuPage = unsafe { page_of(Info::VCPU_PAGE) };
    let id = u64::from(vm.vm_id.load(Relaxed));
    let mut name = [0; 5];

    for (to, from) in name.iter_mut().zip(&vm.name) {
        *to = from.load(Relaxed);
    }
    expect_eq!(vm.magic.load(Relaxed), stile::VM_PAGE_MAGIC);
    expect_eq!(vm.version.load(Relaxed), stile::VERSION_CURRENT);
    expect_eq!(vm.nr_vcpus.load(Relaxed), 1);
    expect_eq!(name, *b"rust\0");
    expect_eq!(vm.memory[0].base_ipa.load(Relaxed), 0x4000_0000);
    expect_eq!(stile::core_info(Info::VM_ID.0), Ok(id));
    expect_eq!(stile::core_info(Info::TICKS_PER_SEC.0), Ok(vm.ticks_per_sec.load(Relaxed)));
    expect_eq!(vcpu.vcpu_id.load(Relaxed), 0);
    expect_eq!(vcpu.preempted.load(Relaxed), 0);
    expect_eq!(vcpu.start_ticks.load(Relaxed) <= clock::counter(), true);
    true
}

fn the_clock_goes_on(_: &Start) -> bool {
    let vm: &VmPage = unsafe { page_of(Info::VM_PAGE) };
    let (first, second) = (clock::now(&vm.clock), clock::now(&vm.clock));
    let passed = second.zip(first).map(|(second, first)| second.checked_sub(first).is_some());

    expect_eq!(passed, Some(true));
    expect_eq!(first > Some(0), true);
    true
}

fn many_calls_are_made_by_one(_: &Start) -> bool {
    let mailbox: &Mailbox = unsafe { page_of(Info::MAILBOX) };
    let calls = &mailbox.calls;

    calls[0].nr.store(u64::from(nr::CORE_INFO), Relaxed);
    calls[0].x[0].store(u64::from(Info::NR_VCPUS.0), Relaxed);
    calls[1].nr.store(u64::from(nr::EVENT_SEND), Relaxed);
    calls[1].x[0].store(u64::from(stile::PORT_FIRST), Relaxed);
    calls[2].nr.store(u64::from(nr::CORE_NULL), Relaxed);
    // None of these does anything to memory.
    expect_eq!(unsafe { stile::core_multicall(0, 3, stile::MULTICALL_STOP) }, Ok(2));
    expect_eq!(calls[0].status.load(Relaxed), 0);
    expect_eq!(calls[0].value[0].load(Relaxed), 1);
    expect_eq!(calls[1].status.load(Relaxed), Error::NotFound.status());
    true
}
