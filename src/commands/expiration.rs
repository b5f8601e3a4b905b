//! Times to live as commands spell them: `EX 10`, `PXAT 1700000000000`, and their limits.

use super::args::Args;
use super::faults::{self, Fault};
use crate::resp::Span;

/// Seconds or milliseconds, from now or since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// Unix time in seconds.
    UnixSeconds,
    /// Unix time in milliseconds.
    UnixMilliseconds,
}

impl Unit {
    pub(super) const ALL: [Self; 4] =
        [Self::Seconds, Self::Milliseconds, Self::UnixSeconds, Self::UnixMilliseconds];

    /// The option that announces this unit.
    pub(super) const fn option(self) -> &'static str {
        match self {
            Self::Seconds => "EX",
            Self::Milliseconds => "PX",
            Self::UnixSeconds => "EXAT",
            Self::UnixMilliseconds => "PXAT",
        }
    }

    /// A deadline in this unit, zero at least; seconds are rounded to the nearest.
    pub(super) fn amount_until(self, deadline_ms: u64, now_ms: u64) -> i64 {
        let amount_ms = if self.is_relative() { deadline_ms.saturating_sub(now_ms) } else { deadline_ms };
        let amount = if self.is_seconds() { amount_ms.saturating_add(500) / 1000 } else { amount_ms };
        i64::try_from(amount).unwrap_or(i64::MAX)
    }

    const fn is_seconds(self) -> bool {
        matches!(self, Self::Seconds | Self::UnixSeconds)
    }

    const fn is_relative(self) -> bool {
        matches!(self, Self::Seconds | Self::Milliseconds)
    }
}

/// A positive time in some unit, as given by a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expiration {
    unit: Unit,
    amount: i64,
}

impl Expiration {
    /// A time; whether it is allowed is asked of [`Self::time_ms`].
    pub(super) const fn new(unit: Unit, amount: i64) -> Self {
        Self { unit, amount }
    }

    /// A time that has to be positive; `command` is named in the fault.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn positive(unit: Unit, amount: i64, command: &str) -> Result<Self, Fault> {
        if amount > 0 { Ok(Self::new(unit, amount)) } else { Err(faults::invalid_expire_time(command)) }
    }

    /// Whether the time was given as such, not as a distance from now.
    pub(super) const fn is_absolute(self) -> bool {
        !self.unit.is_relative()
    }

    /// Unix time in milliseconds, possibly negative; `clock_ms` is [`Context::clock_ms`](super::Context), `command` is
    /// named in the fault.
    ///
    /// # Errors
    /// When the time does not fit into 64 bits.
    pub(super) fn time_ms(self, clock_ms: u64, command: &str) -> Result<i64, Fault> {
        let factor = if self.unit.is_seconds() { 1000 } else { 1 };
        let base = if self.unit.is_relative() { i64::try_from(clock_ms).unwrap_or(i64::MAX) } else { 0 };
        self.amount
            .checked_mul(factor)
            .and_then(|amount_ms| amount_ms.checked_add(base))
            .ok_or_else(|| faults::invalid_expire_time(command))
    }

    /// Unix time in milliseconds; `command` is named in the fault.
    ///
    /// # Errors
    /// When the amount is not positive or the time does not fit into 64 bits.
    pub(super) fn deadline_ms(self, clock_ms: u64, command: &str) -> Result<u64, Fault> {
        let time_ms = self.time_ms(clock_ms, command)?;
        u64::try_from(time_ms).map_err(|_| faults::invalid_expire_time(command))
    }
}

impl Args<'_> {
    /// Reads `amount` as a positive time in `unit`; `command` is named in the fault.
    pub(super) fn expiration(&mut self, unit: Unit, amount: Span, command: &str) -> Expiration {
        let amount = self.integer_at(amount);
        Expiration::positive(unit, amount, command).unwrap_or_else(|fault| {
            self.fail(fault);
            Expiration::new(unit, 0)
        })
    }

    /// Steps over one of the options that set a time to live, if the next argument is one; its argument is read
    /// later. Two that differ are not taken, the same one twice is.
    pub(super) fn expire_option(&mut self, expire: &mut Option<(Unit, Span)>) -> bool {
        let fits = |unit: &Unit| expire.is_none_or(|(given, _)| given == *unit);
        let unit = Unit::ALL.into_iter().filter(fits).find(|unit| self.option_with_value(unit.option()));
        if let Some(unit) = unit {
            *expire = Some((unit, self.bytes()));
        }
        unit.is_some()
    }
}
