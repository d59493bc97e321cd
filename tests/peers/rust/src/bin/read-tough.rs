//! Lets `tough` read a repository. Command line and answer are described in the library of this package.

use std::error::Error;
use std::process::ExitCode;

use rootline_peers::{block_on, finish, Answer, Request};
use tough::{IntoVec, RepositoryLoader, TargetName};
use url::Url;

fn main() -> ExitCode {
    let request = Request::from_args(&[]);
    // tough asks the system for the time and takes none from its caller.
    request.hold_the_clock();
    finish(block_on(read(&request)))
}

async fn read(request: &Request) -> Result<Answer, Box<dyn Error>> {
    let base = Url::parse(&request.url)?;
    // The datastore is all of tough's memory: it remembers versions, and fetches every file again.
    let repository = RepositoryLoader::new(&request.root, base.clone(), base.join("targets/")?)
        .datastore(&request.cache)
        .load()
        .await?;

    let mut answer = Answer {
        root: repository.root().signed.version.into(),
        timestamp: repository.timestamp().signed.version.into(),
        snapshot: repository.snapshot().signed.version.into(),
        targets: repository.targets().signed.version.into(),
        ..Answer::default()
    };
    for name in &request.targets {
        let content =
            repository.read_target(&TargetName::new(name)?).await?.ok_or_else(|| format!("not found: {name}"))?;
        answer.add(name, &content.into_vec().await?);
    }
    Ok(answer)
}
