//! Reaching into a JSON value.

use rootline_metadata::json::Value;

/// The member at `path`: names and array positions from the top, separated by slashes, as in `roles/root/threshold`.
///
/// # Panics
/// If there is none: a test that edits what is not there tests nothing.
pub fn member<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('/').filter(|step| !step.is_empty()).fold(value, |value, step| match value {
        Value::Array(elements) => &mut elements[step.parse::<usize>().expect("an array's position is a number")],
        Value::Object(members) => members.get_mut(step).unwrap_or_else(|| panic!("no member {step:?} of {path:?}")),
        other => panic!("{path:?} leads into {other:?}"),
    })
}

/// Sets the member at `path`, which need not be there; the object that it is in has to be. An array grows by one at its end.
///
/// # Panics
/// If that object is not there.
pub fn set(value: &mut Value, path: &str, new: impl Into<Value>) {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    match member(value, parent) {
        Value::Object(members) => {
            members.insert(name, new.into());
        }
        Value::Array(elements) if name == elements.len().to_string() => elements.push(new.into()),
        element => *member(element, name) = new.into(),
    }
}

/// Takes the member at `path` away.
///
/// # Panics
/// If it is not there.
pub fn unset(value: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let members = member(value, parent).as_object_mut().expect("only objects have members");
    members.remove(name).unwrap_or_else(|| panic!("no member {path:?}"));
}
