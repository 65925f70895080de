//! A set of services of our own for a test, in a namespace of its own on the shared servers: started,
//! killed, frozen and restarted at will, and cleaned up whatever happens.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::time::Duration;
//! use vendzz_load_tests::cluster::{Cluster, Instance, Service};
//!
//! let mut cluster = Cluster::start().await?;
//! let projector = Instance::first(Service::State);
//! cluster.kill(projector)?;
//! cluster.start_instance(projector, &[("VENDZZ_CRASH_AT", "state.before_commit:3")]).await?;
//! let status = cluster.wait_for_exit(projector, Duration::from_secs(30)).await?;
//! # Ok(())
//! # }
//! ```

mod namespace;
mod sending;
mod servers;
mod service;
mod service_process;

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::Signal;
use tempfile::TempDir;

pub use namespace::Namespace;
pub use servers::{Server, Servers};
pub use service::{Instance, Service};
pub use service_process::ServiceProcess;

use crate::follow_up::FollowUpSettings;
use crate::installation::{AdminToken, Installation};

/// How long a service may take to become ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// SIGTERM to the end: longer than the services' own deadline.
const STOP_WITHIN: Duration = Duration::from_secs(25);
const ADMIN_TOKEN: &str = "a-token-of-this-test-alone-0123456789abcdef";

const LEAD_KEY: &str = "a-lead-key-of-this-test-alone-0123456789abcdef";
const CAMPAIGN_NOTICE: &str = "2s";
const ABANDON_AFTER: &str = "3s";

/// What the follow-up of a cluster's answers depends on.
pub fn follow_up_settings() -> FollowUpSettings {
    FollowUpSettings {
        notice: Duration::from_secs(2),
        abandon_after: Duration::from_secs(3),
        lead_secret: LEAD_KEY.as_bytes().to_vec(),
    }
}

/// The services of one namespace.
pub struct Cluster {
    // Fields are dropped in this order: first what runs, then what it ran on.
    processes: BTreeMap<Instance, ServiceProcess>,
    addresses: BTreeMap<Instance, InstanceAddresses>,
    installation: Installation,
    namespace: Namespace,
    folder: TempDir,
    programs: PathBuf,
}

#[derive(Debug, Clone, Copy)]
struct InstanceAddresses {
    public: SocketAddr,
    private: SocketAddr,
}

impl Cluster {
    /// One instance of each service that takes and projects answers, ready.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_services(&Service::OF_ANSWERS).await
    }

    /// The same, and of those that follow answers up.
    pub async fn start_all() -> anyhow::Result<Self> {
        Self::start_services(&[&Service::OF_ANSWERS[..], &Service::OF_FOLLOW_UP[..]].concat()).await
    }

    /// The same, and those that send, against a simulator of providers that listens there.
    pub async fn start_with_sending(simulator: SocketAddr) -> anyhow::Result<Self> {
        let mut cluster = Self::start_all().await?;
        cluster.write_sending_files(simulator)?;
        for service in [&[Service::Webhooks][..], &Service::SENDERS[..]].concat() {
            cluster.start_instance(Instance::first(service), &[]).await?;
        }
        Ok(cluster)
    }

    async fn start_services(services: &[Service]) -> anyhow::Result<Self> {
        let mut cluster = Self::prepare().await?;
        for service in services {
            cluster.spawn(Instance::first(*service), &[])?;
        }
        for service in services {
            cluster.wait_until_ready(Instance::first(*service), READY_WITHIN).await?;
        }
        Ok(cluster)
    }

    /// A namespace with its schemas and topics, and no service yet. The programs come from the folder
    /// that `VENDZZ_PROGRAMS` names, or `target/release` of this checkout.
    pub async fn prepare() -> anyhow::Result<Self> {
        let programs = programs_folder();
        let servers = Installation { edge: free_address()?, ..Installation::of_servers_in_env()? };
        let namespace = Namespace::make(&servers).await?;
        let first_edge = InstanceAddresses { public: servers.edge, private: free_address()? };
        let first_admin = InstanceAddresses::free()?;
        let installation = Installation {
            kafka_names: namespace.kafka_names(),
            postgres_url: namespace.postgres_url(),
            cql_keyspace: namespace.keyspace().to_owned(),
            edge_private: first_edge.private,
            admin: first_admin.public,
            admin_token: AdminToken::new(ADMIN_TOKEN),
            ..servers
        };
        let addresses = BTreeMap::from([
            (Instance::first(Service::Edge), first_edge),
            (Instance::first(Service::Admin), first_admin),
        ]);
        let folder = tempfile::Builder::new().prefix("vendzz-cluster-").tempdir()?;
        let cluster =
            Self { processes: BTreeMap::new(), addresses, installation, namespace, folder, programs };
        for name in ["log", "snapshot"] {
            fs::create_dir(cluster.folder.path().join(name))?;
        }
        fs::write(cluster.token_file(), ADMIN_TOKEN)?;
        restrict(&cluster.token_file())?;
        cluster.vendzz(&["schemas", "register"]).await?;
        cluster.vendzz(&["topics", "apply", "--yes"]).await?;
        Ok(cluster)
    }

    /// Where everything is, for the generator and the reckoning. The edge is its first instance.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Starts an instance and waits until it is ready.
    pub async fn start_instance(
        &mut self,
        instance: Instance,
        extra_env: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        self.spawn(instance, extra_env)?;
        self.wait_until_ready(instance, READY_WITHIN).await
    }

    /// Starts an instance without waiting: what it will do is to crash, or a server is away.
    pub fn spawn(&mut self, instance: Instance, extra_env: &[(&str, &str)]) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_running(instance), "{instance} runs already");
        let addresses = self.addresses_of(instance)?;
        let mut env = self.common_env();
        env.extend(self.env_of(instance, addresses));
        env.extend(extra_env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let program = self.programs.join(instance.service().program());
        let log = self.log_file(instance);
        let process = ServiceProcess::spawn(instance, &program, env, addresses.private, &log)?;
        self.processes.insert(instance, process);
        Ok(())
    }

    /// Waits for `/readyz`; says what it answers, and the log's last lines, when that takes too long.
    pub async fn wait_until_ready(&mut self, instance: Instance, patience: Duration) -> anyhow::Result<()> {
        self.process(instance)?.wait_until_ready(patience).await
    }

    /// Waits until a process ends by itself, as at a crash point.
    pub async fn wait_for_exit(
        &mut self,
        instance: Instance,
        patience: Duration,
    ) -> anyhow::Result<ExitStatus> {
        let status = self.process(instance)?.wait_for_exit(patience).await?;
        self.processes.remove(&instance);
        Ok(status)
    }

    /// SIGKILL, and the process is gone.
    pub fn kill(&mut self, instance: Instance) -> anyhow::Result<()> {
        let mut process =
            self.processes.remove(&instance).with_context(|| format!("{instance} does not run"))?;
        process.kill()
    }

    /// SIGTERM and the drain; the exit status.
    pub async fn stop(&mut self, instance: Instance) -> anyhow::Result<ExitStatus> {
        self.process(instance)?.signal(Signal::SIGTERM)?;
        self.wait_for_exit(instance, STOP_WITHIN).await
    }

    /// SIGSTOP: it holds everything and does nothing.
    pub fn freeze(&mut self, instance: Instance) -> anyhow::Result<()> {
        self.process(instance)?.signal(Signal::SIGSTOP)
    }

    /// SIGCONT.
    pub fn thaw(&mut self, instance: Instance) -> anyhow::Result<()> {
        self.process(instance)?.signal(Signal::SIGCONT)
    }

    /// Kill -9 and a new start.
    pub async fn restart(&mut self, instance: Instance, extra_env: &[(&str, &str)]) -> anyhow::Result<()> {
        if self.is_running(instance) {
            self.kill(instance)?;
        }
        self.start_instance(instance, extra_env).await
    }

    pub fn is_running(&mut self, instance: Instance) -> bool {
        self.processes.get_mut(&instance).is_some_and(ServiceProcess::is_running)
    }

    pub fn pid(&mut self, instance: Instance) -> anyhow::Result<u32> {
        Ok(self.process(instance)?.pid())
    }

    /// Everything that an instance has logged, over all its starts.
    pub fn log_of(&self, instance: Instance) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.log_file(instance))?)
    }

    /// What every process of this cluster has logged, by the log's name.
    pub fn logs(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut logs = BTreeMap::new();
        for entry in fs::read_dir(self.folder.path().join("log"))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            logs.insert(name, String::from_utf8_lossy(&fs::read(&path)?).into_owned());
        }
        Ok(logs)
    }

    /// Public and private address of an instance.
    pub fn addresses(&self, instance: Instance) -> Option<(SocketAddr, SocketAddr)> {
        self.addresses.get(&instance).map(|addresses| (addresses.public, addresses.private))
    }

    /// Runs the operators' command in this namespace; its standard output.
    pub async fn vendzz(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let program = self.programs.join("vendzz");
        let mut command = service_process::clean_command(&program, self.common_env());
        let output =
            command.args(arguments).output().await.with_context(|| format!("{}", program.display()))?;
        anyhow::ensure!(
            output.status.success(),
            "`vendzz {}` ended with {}: {}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn process(&mut self, instance: Instance) -> anyhow::Result<&mut ServiceProcess> {
        self.processes.get_mut(&instance).with_context(|| format!("{instance} was not started"))
    }

    fn addresses_of(&mut self, instance: Instance) -> anyhow::Result<InstanceAddresses> {
        if let Some(addresses) = self.addresses.get(&instance) {
            return Ok(*addresses);
        }
        let addresses = InstanceAddresses::free()?;
        self.addresses.insert(instance, addresses);
        Ok(addresses)
    }

    /// What every process of this namespace is told.
    fn common_env(&self) -> Vec<(String, String)> {
        let installation = &self.installation;
        let pairs = [
            ("VENDZZ_PROFILE", "local".to_owned()),
            ("VENDZZ_KAFKA_BOOTSTRAP", installation.kafka_bootstrap.clone()),
            ("VENDZZ_KAFKA_PREFIX", installation.kafka_names.prefix().to_owned()),
            ("VENDZZ_REGISTRY_URL", installation.registry_url.clone()),
            ("VENDZZ_POSTGRES_URL", installation.postgres_url.clone()),
            ("VENDZZ_CQL_NODES", installation.cql_nodes.join(",")),
            ("VENDZZ_CQL_KEYSPACE", installation.cql_keyspace.clone()),
            ("VENDZZ_ADMIN_TOKEN_FILE", self.token_file().to_string_lossy().into_owned()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn env_of(&self, instance: Instance, addresses: InstanceAddresses) -> Vec<(String, String)> {
        let mut pairs = vec![
            ("VENDZZ_PRIVATE_ADDR", addresses.private.to_string()),
            ("VENDZZ_INSTANCE", instance.to_string()),
        ];
        match instance.service() {
            Service::Edge => {
                let snapshot = self.folder.path().join("snapshot").join(instance.to_string());
                pairs.push(("VENDZZ_EDGE_ADDR", addresses.public.to_string()));
                pairs.push(("VENDZZ_TRUSTED_PROXIES", "127.0.0.0/8".to_owned()));
                pairs.push(("VENDZZ_EDGE_SNAPSHOT_DIR", snapshot.to_string_lossy().into_owned()));
            }
            Service::Admin => pairs.push(("VENDZZ_ADMIN_ADDR", addresses.public.to_string())),
            Service::State | Service::Analytics => {}
            Service::Fanout => {
                // Short, and fitting together: a version must be known before it is in force.
                for (name, value) in [
                    ("VENDZZ_CAMPAIGN_NOTICE", CAMPAIGN_NOTICE),
                    ("VENDZZ_FANOUT_IN_STEP", "500ms"),
                    ("VENDZZ_CLOCK_DIFFERENCE", "1s"),
                    ("VENDZZ_FANOUT_EMIT_FROM", "all"),
                    ("VENDZZ_LEAD_KEY", LEAD_KEY),
                ] {
                    pairs.push((name, value.to_owned()));
                }
            }
            Service::Abandonment => {
                pairs.push(("VENDZZ_ABANDON_AFTER", ABANDON_AFTER.to_owned()));
                pairs.push(("VENDZZ_ABANDON_SWEEP", "500ms".to_owned()));
            }
            Service::Webhooks
            | Service::SendSms
            | Service::SendEmail
            | Service::SendWhatsapp
            | Service::SendVoice => pairs.extend(self.sending_env(instance, addresses)),
        }
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("admin-token")
    }

    fn log_file(&self, instance: Instance) -> PathBuf {
        self.folder.path().join("log").join(format!("{instance}.log"))
    }
}

impl InstanceAddresses {
    fn free() -> anyhow::Result<Self> {
        Ok(Self { public: free_address()?, private: free_address()? })
    }
}

/// A port that nothing listens on at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn programs_folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release");
    std::env::var_os("VENDZZ_PROGRAMS").map_or_else(default, PathBuf::from)
}

/// Mode 0600, as the services want it of a file with a token.
fn restrict(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o600))?)
}
