use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use reqwest::Response;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vendzz_load_tests::providers::{AcceptedLine, Credentials, Faults, Simulator, SimulatorSettings};

pub(crate) const SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const AUTH_TOKEN: &str = "segredo-da-twilio";
pub(crate) const NUMBER_ID: &str = "109800000000001";
pub(crate) const ACCESS_TOKEN: &str = "segredo-do-acesso";
pub(crate) const APP_SECRET: &str = "segredo-do-app";
pub(crate) const TO: &str = "+5511999990000";

/// A simulator in this process, with a senders file and a journal of its own.
pub(crate) struct Running {
    pub(crate) base: String,
    pub(crate) control: String,
    pub(crate) http: reqwest::Client,
    pub(crate) folder: tempfile::TempDir,
    stop: CancellationToken,
}

/// A webhook that keeps what it is told.
pub(crate) struct Receiver {
    pub(crate) base: String,
    told: Arc<Mutex<Vec<Told>>>,
    /// Statuses of the first answers; 204 afterwards.
    script: Arc<Mutex<Vec<StatusCode>>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) answered: StatusCode,
}

pub(crate) fn senders_file(folder: &tempfile::TempDir) -> PathBuf {
    let senders = json!({ "accounts": { "conta": {
        "timeZone": "America/Sao_Paulo",
        "providers": {
            "tw": { "kind": "twilio", "baseUrl": "http://x", "accountSid": SID, "authToken": AUTH_TOKEN },
            "wa": { "kind": "meta", "baseUrl": "http://x", "accessToken": ACCESS_TOKEN, "appSecret": APP_SECRET,
                    "verifyToken": "v" },
        },
        "pools": { "whatsapp": { "padrao": [{ "id": "w-1", "address": NUMBER_ID, "provider": "wa" }] } },
    } } });
    let file = folder.path().join("senders.json");
    std::fs::write(&file, senders.to_string()).unwrap();
    file
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::with(None, quiet_reports()).await
    }

    pub(crate) async fn with(meta_webhook: Option<String>, faults: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = SimulatorSettings {
            address: "127.0.0.1:0".parse().unwrap(),
            control: Some("127.0.0.1:0".parse().unwrap()),
            journal: Some(folder.path().join("accepted.jsonl")),
            credentials: Credentials::read(&senders_file(&folder)).unwrap(),
            meta_webhook,
            faults: serde_json::from_value(faults).unwrap(),
            seed: 7,
        };
        let stop = CancellationToken::new();
        let simulator = Simulator::bind(settings, stop.clone()).await.unwrap();
        let base = format!("http://{}", simulator.address().unwrap());
        let control = format!("http://{}", simulator.control_address().unwrap().unwrap());
        tokio::spawn(simulator.run());
        Self { base, control, http: reqwest::Client::new(), folder, stop }
    }

    pub(crate) async fn sms(&self, fields: &[(&str, &str)]) -> reqwest::Result<Response> {
        self.twilio("Messages.json", AUTH_TOKEN, fields).await
    }

    pub(crate) async fn twilio(
        &self,
        resource: &str,
        token: &str,
        fields: &[(&str, &str)],
    ) -> reqwest::Result<Response> {
        let url = format!("{}/2010-04-01/Accounts/{SID}/{resource}", self.base);
        self.http.post(url).basic_auth(SID, Some(token)).form(fields).send().await
    }

    pub(crate) async fn whatsapp(&self, token: &str, message: &Value) -> reqwest::Result<Response> {
        let url = format!("{}/v23.0/{NUMBER_ID}/messages", self.base);
        self.http.post(url).bearer_auth(token).json(message).send().await
    }

    pub(crate) async fn set_faults(&self, faults: Value) {
        serde_json::from_value::<Faults>(faults.clone()).unwrap();
        let response = self.http.put(format!("{}/faults", self.control)).json(&faults).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }

    pub(crate) async fn ask(&self, path: &str) -> Value {
        self.http.get(format!("{}{path}", self.control)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) fn journal(&self) -> Vec<AcceptedLine> {
        let text = std::fs::read_to_string(self.folder.path().join("accepted.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Every message is reported once, at once.
pub(crate) fn quiet_reports() -> Value {
    json!({ "reports": { "delayMs": [1, 5], "shareUndelivered": 0.0, "shareRead": 0.0, "shareTwice": 0.0,
                         "shareOutOfOrder": 0.0, "retrySeconds": 20 } })
}

pub(crate) fn sms_fields(callback: &str) -> Vec<(&str, &str)> {
    vec![("To", TO), ("From", "+5511888880000"), ("Body", "Olá, tudo bem?"), ("StatusCallback", callback)]
}

pub(crate) fn text_message(id: Uuid) -> Value {
    json!({ "messaging_product": "whatsapp", "to": TO, "type": "text", "text": { "body": "Olá" },
            "biz_opaque_callback_data": id })
}

pub(crate) fn template_message(id: Uuid) -> Value {
    json!({ "messaging_product": "whatsapp", "to": TO, "type": "template", "biz_opaque_callback_data": id,
            "template": { "name": "resultado", "language": { "code": "pt_BR" }, "components": [] } })
}

impl Receiver {
    pub(crate) async fn start(script: &[StatusCode]) -> Self {
        let (told, script) = (Arc::default(), Arc::new(Mutex::new(script.to_vec())));
        let receiver = Self { base: String::new(), told, script };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = (receiver.told.clone(), receiver.script.clone());
        let router = Router::new().fallback(keep).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, ..receiver }
    }

    pub(crate) fn callback(&self, id: Uuid) -> String {
        format!("{}/webhooks/conta/tw/report?message={id}", self.base)
    }

    /// Waits until so many reports were answered 2xx, and then a little for more; all that came.
    pub(crate) async fn wait_for(&self, acknowledged: usize) -> Vec<Told> {
        for _ in 0..400 {
            let told = self.told.lock().unwrap().clone();
            let so_far = told.iter().filter(|told| told.answered.is_success()).count();
            if so_far >= acknowledged {
                tokio::time::sleep(Duration::from_millis(100)).await;
                return self.told.lock().unwrap().clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} of {acknowledged} reports came", self.told.lock().unwrap().len());
    }
}

type Kept = (Arc<Mutex<Vec<Told>>>, Arc<Mutex<Vec<StatusCode>>>);

async fn keep(State((told, script)): State<Kept>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answered = {
        let mut script = script.lock().unwrap();
        if script.is_empty() { StatusCode::NO_CONTENT } else { script.remove(0) }
    };
    told.lock().unwrap().push(Told { uri, headers, body: body.to_vec(), answered });
    answered
}
