//! The state of caches in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::instance_status::InstanceStatus;
use crate::printable::is_hidden;

/// One metric with all its series.
struct Metric {
    name: &'static str,
    help: &'static str,
    /// Value by labels: each combination of labels may stand there once.
    series: BTreeMap<String, i64>,
}

/// Renders these instances; one that does not verify has its name alone.
pub(crate) fn text(instances: &[(String, Option<&InstanceStatus>)]) -> String {
    let metric = |name, help| Metric { name, help, series: BTreeMap::new() };
    let mut verified = metric("rootline_verified", "Whether the cache verifies from the pinned root, expired or not.");
    let mut checked = metric(
        "rootline_last_check_timestamp_seconds",
        "When this client last compared the cache with the repository.",
    );
    let mut signed =
        metric("rootline_signed_timestamp_seconds", "About when the timestamp role was signed, as far as root states.");
    let mut expiry = metric("rootline_role_expiry_timestamp_seconds", "When the role's metadata expires.");
    let mut version = metric("rootline_role_version", "The version of the role's metadata.");
    let mut start =
        metric("rootline_window_start_timestamp_seconds", "When the trust in a log or an authority begins.");
    let mut end = metric("rootline_window_end_timestamp_seconds", "When the trust in a log or an authority ends.");
    for (name, status) in instances {
        let instance = [("instance", name.as_str())];
        verified.set(&instance, i64::from(status.is_some()));
        let Some(status) = status else { continue };
        if let Some(instant) = status.freshness.checked_at {
            checked.set(&instance, instant.timestamp());
        }
        if let (Some(instant), Some(_)) = (status.freshness.signed_at, status.freshness.signed_age(status.now)) {
            signed.set(&instance, instant.timestamp());
        }
        for role in &status.roles {
            let labels = [instance[0], ("role", role.name())];
            expiry.set(&labels, role.expiry().instant().timestamp());
            version.set(&labels, i64::try_from(role.version().number()).unwrap_or(i64::MAX));
        }
        for entry in &status.entries {
            let labels = [instance[0], ("kind", entry.kind), ("url", &entry.place), ("id", &entry.id)];
            if let Some(instant) = entry.window.start() {
                start.set(&labels, instant.timestamp());
            }
            if let Some(instant) = entry.window.end() {
                end.set(&labels, instant.timestamp());
            }
        }
    }
    let metrics = [verified, checked, signed, expiry, version, start, end];
    metrics.iter().filter(|metric| !metric.series.is_empty()).map(Metric::text).collect()
}

impl Metric {
    /// Keeps the later instant of several windows with the same labels.
    fn set(&mut self, labels: &[(&str, &str)], value: i64) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let present = self.series.entry(labels.join(",")).or_insert(value);
        *present = value.max(*present);
    }

    fn text(&self) -> String {
        let Metric { name, help, series } = self;
        let mut text = format!("# HELP {name} {help}\n# TYPE {name} gauge\n");
        for (labels, value) in series {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
        text
    }
}

/// A label's value as the format wants it, without characters that a reader would not see.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            // Writing to a String does not fail.
            hidden if is_hidden(hidden) => _ = write!(text, "\\\\u{{{:x}}}", u32::from(hidden)),
            shown => text.push(shown),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_label_cannot_end_it() {
        let text = text(&[("a\"b\\c\nd\u{9b}".to_owned(), None)]);
        let series = text.lines().last().unwrap_or_default();
        assert_eq!(series, r#"rootline_verified{instance="a\"b\\c\nd\\u{9b}"} 0"#);
        assert_eq!(text.lines().count(), 3);
    }
}
