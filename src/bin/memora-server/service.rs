//! What the service manager is told: systemd with `Type=notify`, where it asked for it by `NOTIFY_SOCKET`.
//!
//! Other managers, and other systems, are told nothing: they watch the process.

/// Data is loaded and clients are served.
#[cfg(target_os = "linux")]
pub(crate) fn is_ready() {
    tell(sd_notify::NotifyState::Ready);
}

/// The end has begun.
#[cfg(target_os = "linux")]
pub(crate) fn is_stopping() {
    tell(sd_notify::NotifyState::Stopping);
}

#[cfg(target_os = "linux")]
fn tell(state: sd_notify::NotifyState<'_>) {
    // Without a service manager that listens there is nobody to be told, which is no error.
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told how the server is");
    }
}

/// Data is loaded and clients are served.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_ready() {}

/// The end has begun.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_stopping() {}
