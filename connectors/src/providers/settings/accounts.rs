use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono_tz::Tz;
use serde_json::Value;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::ids::check_name;

use super::document::{Fields, Place};
use super::values;
use super::{
    Account, MetaSettings, Mistakes, ProviderSettings, Sender, SmtpSettings, SmtpTls, TwilioSettings,
};
use crate::sender::Rate;

/// None for a provider with mistakes: a sender may name it all the same.
type Providers = BTreeMap<String, Option<ProviderSettings>>;
type Pools = BTreeMap<Channel, BTreeMap<String, Vec<Sender>>>;

pub(super) fn read(document: &Value, folder: &Path) -> Result<BTreeMap<String, Account>, Mistakes> {
    let root = Place::root(document);
    let mut accounts = BTreeMap::new();
    let place = root.fields(&["accounts"]).and_then(|fields| fields.required("accounts"));
    for (account_id, place) in place.map(|place| place.entries()).unwrap_or_default() {
        check_key(&place, account_id);
        if let Some(account) = account(&place, folder) {
            accounts.insert(account_id.to_owned(), account);
        }
    }
    let mistakes = root.take_mistakes();
    if mistakes.is_empty() { Ok(accounts) } else { Err(Mistakes(mistakes)) }
}

/// Accounts, providers and pools stand in addresses and in other documents.
fn check_key(place: &Place<'_>, key: &str) {
    if check_name(key).is_err() {
        place.mistake("must be named by a-z, 0-9, - and _");
    }
}

fn account(place: &Place<'_>, folder: &Path) -> Option<Account> {
    let fields = place.fields(&["timeZone", "consentRequired", "providers", "pools"])?;
    let time_zone = fields.required("timeZone").and_then(|place| time_zone(&place));
    let consent_required = fields.optional("consentRequired").map(|place| channels(&place));
    let providers = fields.required("providers").map(|place| providers(&place, folder));
    let named = providers.as_ref()?;
    let pools = fields.required("pools").map(|place| pools(&place, named));
    Some(Account {
        time_zone: time_zone?,
        consent_required: consent_required.unwrap_or_default(),
        providers: providers?.into_iter().filter_map(|(name, settings)| Some((name, settings?))).collect(),
        pools: pools?,
    })
}

fn time_zone(place: &Place<'_>) -> Option<Tz> {
    let zone = place.text()?.parse().ok();
    if zone.is_none() {
        place.mistake("must be a time zone such as America/Sao_Paulo");
    }
    zone
}

fn channels(place: &Place<'_>) -> BTreeSet<Channel> {
    place.elements().iter().filter_map(|place| values::channel(place, place.text()?)).collect()
}

fn providers(place: &Place<'_>, folder: &Path) -> Providers {
    let mut providers = BTreeMap::new();
    for (name, place) in place.entries() {
        check_key(&place, name);
        providers.insert(name.to_owned(), provider(&place, folder));
    }
    providers
}

const TWILIO: [&str; 4] = ["kind", "baseUrl", "accountSid", "authToken"];
const META: [&str; 5] = ["kind", "baseUrl", "accessToken", "appSecret", "verifyToken"];
const SMTP: [&str; 7] = ["kind", "host", "port", "tls", "caFile", "user", "password"];

fn provider(place: &Place<'_>, folder: &Path) -> Option<ProviderSettings> {
    let kind = place.kind()?;
    match kind.text()? {
        "twilio" => twilio(&place.fields(&TWILIO)?).map(ProviderSettings::Twilio),
        "meta" => meta(&place.fields(&META)?).map(ProviderSettings::Meta),
        "smtp" => smtp(&place.fields(&SMTP)?, folder).map(ProviderSettings::Smtp),
        _ => {
            kind.mistake("must be twilio, meta or smtp");
            None
        }
    }
}

fn twilio(fields: &Fields<'_>) -> Option<TwilioSettings> {
    let base_url = fields.required("baseUrl").and_then(|place| values::base_url(&place));
    let account_sid = fields.required("accountSid").and_then(|place| account_sid(&place));
    let auth_token = fields.secret("authToken");
    Some(TwilioSettings { base_url: base_url?, account_sid: account_sid?, auth_token: auth_token? })
}

/// It becomes a part of an address.
fn account_sid(place: &Place<'_>) -> Option<String> {
    let text = place.text()?;
    if !text.starts_with("AC") || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        place.mistake("must be AC and letters and digits");
        return None;
    }
    Some(text.to_owned())
}

fn meta(fields: &Fields<'_>) -> Option<MetaSettings> {
    let base_url = fields.required("baseUrl").and_then(|place| values::base_url(&place));
    let access_token = fields.secret("accessToken");
    let app_secret = fields.secret("appSecret");
    let verify_token = fields.secret("verifyToken");
    Some(MetaSettings {
        base_url: base_url?,
        access_token: access_token?,
        app_secret: app_secret?,
        verify_token: verify_token?,
    })
}

fn smtp(fields: &Fields<'_>, folder: &Path) -> Option<SmtpSettings> {
    let host = fields.required("host").and_then(|place| values::host(&place));
    let port = fields.required("port").and_then(|place| values::port(&place));
    let tls_place = fields.required("tls");
    let tls = tls_place.as_ref().and_then(values::tls);
    let ca = fields.optional("caFile").map(|place| values::ca(&place, folder));
    let user = fields.text("user").map(str::to_owned);
    let password = fields.secret("password");
    if tls == Some(SmtpTls::None) {
        if host.as_deref().is_some_and(|host| !values::is_this_machine(host)) {
            tls_place?.mistake("none is only for this machine (localhost, 127.0.0.1, ::1)");
            return None;
        }
        if ca.is_some() {
            fields.place().mistake("caFile says whom to trust, and tls none trusts nobody");
            return None;
        }
    }
    Some(SmtpSettings {
        host: host?,
        port: port?,
        tls: tls?,
        ca: match ca {
            Some(pem) => Some(pem?),
            None => None,
        },
        user: user?,
        password: password?,
    })
}

fn pools(place: &Place<'_>, providers: &Providers) -> Pools {
    let mut pools = Pools::new();
    for (channel_name, place) in place.entries() {
        let channel = values::channel(&place, channel_name);
        let mut known = KnownSenders::default();
        for (pool, place) in place.entries() {
            check_key(&place, pool);
            let elements = place.elements();
            if elements.is_empty() {
                place.mistake("must have a sender");
            }
            let Some(channel) = channel else { continue };
            let senders =
                elements.iter().filter_map(|place| sender(place, channel, providers, &mut known)).collect();
            pools.entry(channel).or_default().insert(pool.to_owned(), senders);
        }
    }
    pools
}

/// Of one channel of an account, whatever their pools.
#[derive(Default)]
struct KnownSenders {
    ids: BTreeSet<String>,
    /// (provider, address)
    addresses: BTreeSet<(String, String)>,
}

/// A sender's rate is that of its address.
const TWICE: &str =
    "is the address of another sender of this channel at the same provider too: its rate would count twice";

fn sender(
    place: &Place<'_>,
    channel: Channel,
    providers: &Providers,
    known: &mut KnownSenders,
) -> Option<Sender> {
    let fields = place.fields(&["id", "address", "provider", "perSecond", "burst"])?;
    let id = fields.required("id").and_then(|place| sender_id(&place, &mut known.ids));
    let address_place = fields.required("address");
    let address = address_place.as_ref().and_then(|place| values::address(place, channel));
    let provider = fields.required("provider").and_then(|place| provider_name(&place, channel, providers));
    if let (Some(place), Some(address), Some(provider)) = (&address_place, &address, &provider)
        && !known.addresses.insert((provider.clone(), values::spelled_one_way(address, channel)))
    {
        place.mistake(TWICE);
    }
    let per_second = match fields.optional("perSecond") {
        Some(place) => per_second(&place),
        None => Some(default_per_second(channel)),
    };
    let burst = match fields.optional("burst") {
        Some(place) => burst(&place),
        None => per_second.map(a_seconds_worth),
    };
    Some(Sender { id: id?, address: address?, provider: provider?, per_second: per_second?, burst: burst? })
}

/// A long code's segment a second; the throughput of a WhatsApp number; one call a second (CPS) of an account.
fn default_per_second(channel: Channel) -> f64 {
    match channel {
        Channel::Sms | Channel::Voice => 1.0,
        Channel::Whatsapp => 80.0,
        Channel::Email => 50.0,
    }
}

fn a_seconds_worth(per_second: f64) -> u32 {
    per_second.ceil() as u32
}

fn sender_id(place: &Place<'_>, sender_ids: &mut BTreeSet<String>) -> Option<String> {
    let id = place.text()?;
    check_key(place, id);
    if !sender_ids.insert(id.to_owned()) {
        place.mistake("is the id of another sender of this channel too");
        return None;
    }
    Some(id.to_owned())
}

fn provider_name(place: &Place<'_>, channel: Channel, providers: &Providers) -> Option<String> {
    let name = place.text()?;
    match providers.get(name) {
        None => {
            place.mistake("is not a provider of this account");
            None
        }
        Some(Some(settings)) if !settings.carries(channel) => {
            place.mistake(&format!(
                "is of kind {}, which does not carry {}",
                settings.kind(),
                channel.name()
            ));
            None
        }
        Some(_) => Some(name.to_owned()),
    }
}

fn per_second(place: &Place<'_>) -> Option<f64> {
    let per_second = place.number()?;
    if Rate::new(per_second, 1).is_err() {
        place.mistake("must be more than 0.001 and at most 100000");
        return None;
    }
    Some(per_second)
}

fn burst(place: &Place<'_>) -> Option<u32> {
    let burst = place.whole_number()?;
    if !(1..=1_000_000).contains(&burst) {
        place.mistake("must be 1 to 1000000");
        return None;
    }
    u32::try_from(burst).ok()
}
