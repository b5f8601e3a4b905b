//! What a process uses: processor time and resident memory, as far as the system tells.
//!
//! Linux tells both. Elsewhere on Unix `ps` knows the memory; its processor time is too coarse to be divided by a
//! million requests, so there is none. On other systems both are unknown, and reports say `n/a`.

use std::fs;
#[cfg(not(target_os = "linux"))]
use std::process::Command;

/// Fields of `/proc/PID/stat` for time in user code and in the kernel, counted behind the program's name.
const STAT_TIMES: [usize; 2] = [11, 12];

/// Microseconds in a tick of `/proc/PID/stat`: the kernel shows programs 100 ticks a second, whatever its own clock.
const STAT_TICK_US: f64 = 10_000.0;

/// Microseconds that all threads of a process have run, in user code and in the kernel.
///
/// `schedstat` counts nanoseconds where the kernel has it, `stat` hundredths of a second everywhere on Linux.
pub(crate) fn cpu_us(pid: u32) -> Option<f64> {
    schedstat_us(pid).or_else(|| stat_us(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
}

/// Microseconds that this process has run, its ended threads included, which `schedstat` forgets.
pub(crate) fn own_cpu_us() -> Option<f64> {
    stat_us(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn schedstat_us(pid: u32) -> Option<f64> {
    let mut total_ns = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        // A thread may end between the two looks.
        let Ok(text) = fs::read_to_string(task.ok()?.path().join("schedstat")) else { continue };
        total_ns += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    (total_ns > 0.0).then_some(total_ns / 1e3)
}

fn stat_us(stat: &str) -> Option<f64> {
    let (_, behind) = stat.rsplit_once(") ")?;
    let fields: Vec<_> = behind.split(' ').collect();
    let ticks = STAT_TIMES.iter().map(|field| fields.get(*field)?.parse::<f64>().ok());
    Some(ticks.sum::<Option<f64>>()? * STAT_TICK_US)
}

/// Bytes of a process that are in memory.
#[cfg(target_os = "linux")]
pub(crate) fn resident_bytes(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kibibytes(line.trim().strip_suffix("kB")?)
}

/// Bytes of a process that are in memory.
#[cfg(not(target_os = "linux"))]
pub(crate) fn resident_bytes(pid: u32) -> Option<f64> {
    let output = Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output().ok()?;
    kibibytes(std::str::from_utf8(&output.stdout).ok()?)
}

fn kibibytes(text: &str) -> Option<f64> {
    Some(text.trim().parse::<f64>().ok()? * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 5 1000 20";
        assert_eq!(stat_us(stat), Some(3_000_000.0));
        assert_eq!(stat_us("7 (a) S 1"), None);
    }

    #[test]
    fn kibibytes_become_bytes() {
        assert_eq!(kibibytes("  12 "), Some(12_288.0));
        assert_eq!(kibibytes("x"), None);
    }
}
