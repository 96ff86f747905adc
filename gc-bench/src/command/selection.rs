//! Which workloads and peers a command line means.

use crate::matrix::{BASE, Peer, absent, peers};
use crate::workloads::{WORKLOADS, Workload};

/// The workload of a name.
pub(super) fn workload(name: &str) -> Result<&'static Workload, String> {
    WORKLOADS.iter().find(|workload| workload.name == name).ok_or_else(|| unknown_workload(name))
}

/// The peer of a name.
pub(super) fn peer(name: &str) -> Result<Peer, String> {
    if let Some((_, why)) = absent().into_iter().find(|(absent, _)| *absent == name) {
        return Err(format!("the peer {name} is not there: {why}"));
    }
    peers().into_iter().find(|peer| peer.name == name).ok_or_else(|| unknown_peer(name))
}

/// The workloads whose names begin with one of the filters, in the order of the table; without filters all, or those of a quick comparison.
pub(super) fn workloads(filters: &[String], quick: bool) -> Result<Vec<&'static Workload>, String> {
    let matches = |filter: &String| WORKLOADS.iter().any(|workload| workload.name.starts_with(&filter[..]));
    if let Some(filter) = filters.iter().find(|filter| !matches(filter)) {
        return Err(unknown_workload(filter));
    }
    let wanted = |workload: &&Workload| {
        if filters.is_empty() {
            !quick || workload.is_quick()
        } else {
            filters.iter().any(|filter| workload.name.starts_with(&filter[..]))
        }
    };
    Ok(WORKLOADS.iter().filter(wanted).collect())
}

/// The peers of the given names and Tailbite; without names all, or those of a quick comparison.
pub(super) fn chosen_peers(names: &[String], quick: bool) -> Result<Vec<Peer>, String> {
    names.iter().try_for_each(|name| peer(name).map(|_| ()))?;
    let wanted = |peer: &Peer| {
        if names.is_empty() {
            !quick || peer.quick
        } else {
            peer.name == BASE || names.iter().any(|name| name == peer.name)
        }
    };
    Ok(peers().into_iter().filter(wanted).collect())
}

fn unknown_workload(name: &str) -> String {
    let known: Vec<String> =
        WORKLOADS.iter().map(|workload| format!("  {:16} {}", workload.name, workload.about)).collect();
    format!("no workload's name is or begins with \"{name}\"; there are:\n{}", known.join("\n"))
}

fn unknown_peer(name: &str) -> String {
    let known: Vec<String> = peers().iter().map(|peer| format!("  {:16} {}", peer.name, peer.title)).collect();
    format!("no peer's name is \"{name}\"; there are:\n{}", known.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{chosen_peers, peer, workload, workloads};

    fn names(filters: &[&str], quick: bool) -> Vec<&'static str> {
        let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
        workloads(&filters, quick).unwrap().iter().map(|workload| workload.name).collect()
    }

    #[test]
    fn filters_are_beginnings_of_names() {
        assert_eq!(names(&["churn", "handles"], false), ["handles", "churn", "churn-linked"]);
        assert_eq!(names(&["churn-linked"], true), ["churn-linked"], "in a quick comparison, too");
        assert!(names(&[], true).len() < names(&[], false).len());
    }

    #[test]
    fn what_is_unknown_is_answered_with_what_is_known() {
        let error = workloads(&["handles".to_owned(), "rinks".to_owned()], false).unwrap_err();
        assert!(error.contains("\"rinks\"") && error.contains("\n  rings "), "{error}");
        assert!(workload("live").unwrap_err().contains("live-random"), "one workload needs its whole name");
        assert!(peer("rx").unwrap_err().contains("\n  tailbite "));
        assert!(chosen_peers(&["rx".to_owned()], false).is_err());
    }

    #[test]
    fn tailbite_is_always_there() {
        let peers = chosen_peers(&["rc".to_owned()], false).unwrap();
        assert_eq!(peers.iter().map(|peer| peer.name).collect::<Vec<_>>(), ["tailbite", "rc"]);
    }
}
