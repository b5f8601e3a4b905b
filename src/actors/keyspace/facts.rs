//! What commands may ask about the process: the system's answers.

use super::reclaim::Reclaimer;
use crate::actors::clock::Clock;
use crate::actors::supervision::Health;
use crate::actors::users_file;
use crate::commands::context::{ActorReport, CpuTime, CpuTimes, Facts, Fixed, MemoryFigures};
use crate::config::Config;
use crate::server::AllocatedBytes;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's answers to what `INFO` and `TIME` ask.
pub(crate) struct SystemFacts {
    fixed: Fixed,
    clock: Clock,
    actors: Vec<Arc<Health>>,
    pub(super) reclaimer: Reclaimer,
    allocated_bytes: Option<AllocatedBytes>,
    startup_bytes: u64,
    peak_bytes: AtomicU64,
}

impl SystemFacts {
    /// Facts about this process; `allocated_bytes` asks its allocator.
    pub(crate) fn new(
        fixed: Fixed,
        clock: Clock,
        actors: Vec<Arc<Health>>,
        reclaimer: Reclaimer,
        allocated_bytes: Option<AllocatedBytes>,
    ) -> Self {
        let startup_bytes = allocated_bytes.map_or(0, |ask| ask() as u64);
        let peak_bytes = AtomicU64::new(startup_bytes);
        Self { fixed, clock, actors, reclaimer, allocated_bytes, startup_bytes, peak_bytes }
    }

    /// Memory in use, bytes; none where nobody counts.
    pub(super) fn used_bytes(&self) -> Option<u64> {
        self.allocated_bytes.map(|ask| ask() as u64)
    }

    /// Memory in use when the server started, bytes.
    pub(super) fn startup_bytes(&self) -> u64 {
        self.startup_bytes
    }

    /// Looks whether more memory is in use than ever before; as in Redis the peak is that of the looks.
    pub(super) fn sample_memory(&self) -> Option<u64> {
        let used_bytes = self.used_bytes()?;
        self.peak_bytes.fetch_max(used_bytes, Ordering::Relaxed);
        Some(used_bytes)
    }
}

impl Facts for SystemFacts {
    fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    fn memory(&self) -> MemoryFigures {
        MemoryFigures {
            used_bytes: self.sample_memory(),
            startup_bytes: self.startup_bytes,
            peak_bytes: self.peak_bytes.load(Ordering::Relaxed),
            resident_bytes: memory_stats::memory_stats().map(|stats| stats.physical_mem as u64),
        }
    }

    fn cpu(&self) -> Option<CpuTimes> {
        cpu_times()
    }

    fn actors(&self) -> Vec<ActorReport> {
        self.actors.iter().map(|health| health.report()).collect()
    }

    fn lazyfree_pending(&self) -> u64 {
        self.reclaimer.pending()
    }

    fn lazyfreed(&self) -> u64 {
        self.reclaimer.freed()
    }

    fn rewrite_config(&self, config: &Config) -> Result<(), String> {
        config.rewrite(Path::new(&self.fixed.config_file)).map_err(|error| error.to_string())
    }

    fn read_users(&self, config: &Config) -> Result<Vec<u8>, String> {
        users_file::read(config).map_err(|error| system_words(&error))
    }

    fn write_users(&self, config: &Config, text: &[u8]) -> Result<(), String> {
        users_file::write(config, text).map_err(|error| error.to_string())
    }

    fn fill_secret(&self, buffer: &mut [u8]) -> Result<(), String> {
        getrandom::fill(buffer).map_err(|error| error.to_string())
    }
}

/// The system's words for an error, without the number that Rust adds.
fn system_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Processor time as the system counts it.
#[cfg(unix)]
fn cpu_times() -> Option<CpuTimes> {
    use nix::sys::resource::{UsageWho, getrusage};
    let times = |who| {
        let usage = getrusage(who).ok()?;
        Some(CpuTime { user: duration(usage.user_time()), system: duration(usage.system_time()) })
    };
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    let keyspace_thread = times(UsageWho::RUSAGE_THREAD);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    let keyspace_thread = None;
    Some(CpuTimes {
        process: times(UsageWho::RUSAGE_SELF)?,
        children: times(UsageWho::RUSAGE_CHILDREN),
        keyspace_thread,
    })
}

#[cfg(unix)]
fn duration(time: nix::sys::time::TimeVal) -> std::time::Duration {
    use nix::sys::time::TimeValLike;
    std::time::Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap_or(0))
}

/// Processor time as the system counts it.
#[cfg(windows)]
fn cpu_times() -> Option<CpuTimes> {
    use winsafe::prelude::kernel_Hprocess;
    let (_, _, system, user) = winsafe::HPROCESS::GetCurrentProcess().GetProcessTimes().ok()?;
    let process = CpuTime { user: duration(user), system: duration(system) };
    Some(CpuTimes { process, children: None, keyspace_thread: None })
}

/// A span of time that Windows counts in steps of 100 ns.
#[cfg(windows)]
fn duration(time: winsafe::FILETIME) -> std::time::Duration {
    let steps = u64::from(time.dwHighDateTime) << u32::BITS | u64::from(time.dwLowDateTime);
    std::time::Duration::from_nanos(steps.saturating_mul(100))
}

/// Processor time as the system counts it, which other systems do not tell.
#[cfg(not(any(unix, windows)))]
fn cpu_times() -> Option<CpuTimes> {
    None
}
