//! The time zone of a recipient, as far as a phone number gives it away: an estimate, since numbers travel.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono_tz::Tz;
use vendzz_schemas::campaign::Channel;

use super::time_zone_tables::{BRAZIL, FIXED_LINES, MEXICO, NORTH_AMERICA, ONE_ZONE};

/// Country code and area code, or a country code alone, to their zone.
static ZONES: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
    let mut zones = HashMap::new();
    for (country, areas) in [(55, &BRAZIL[..]), (1, &NORTH_AMERICA[..]), (52, &MEXICO[..])] {
        for (zone, codes) in areas {
            zones.extend(codes.iter().map(|code| (format!("{country}{code}"), *zone)));
        }
    }
    for (country, zone, codes) in FIXED_LINES {
        zones.extend(codes.iter().map(|code| (format!("{country}{code}"), zone)));
    }
    zones.extend(ONE_ZONE.map(|(country, zone)| (country.to_string(), zone)));
    // Where an area code says nothing else.
    zones.insert("55".to_owned(), Tz::America__Sao_Paulo);
    zones.insert("52".to_owned(), Tz::America__Mexico_City);
    zones
});

/// No key of [`ZONES`] is longer: three digits of a country, three of an area.
const LONGEST_PREFIX: usize = 6;

/// The zone of a number in E.164 form; none when its country has several and the number does not say which.
pub fn of_phone(number: &str) -> Option<Tz> {
    let digits = number.strip_prefix('+')?;
    let longest = digits.bytes().take_while(u8::is_ascii_digit).count().min(LONGEST_PREFIX);
    (1..=longest).rev().find_map(|length| ZONES.get(&digits[..length]).copied())
}

/// By whose clock a recipient's quiet hours go: the number's, otherwise and for e-mail the account's.
pub fn of_recipient(channel: Channel, recipient: &str, account_time_zone: Tz) -> Tz {
    match channel {
        Channel::Email => account_time_zone,
        Channel::Sms | Channel::Whatsapp | Channel::Voice => of_phone(recipient).unwrap_or(account_time_zone),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{NaiveDate, Offset, TimeZone};
    use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
    use vendzz_schemas::elements::checks::phone::parse_phone;

    use super::*;

    /// Hours ahead of UTC in the Brazil of today.
    fn hours(zone: Tz) -> i32 {
        let winter = NaiveDate::from_ymd_opt(2026, 7, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        zone.offset_from_utc_datetime(&winter).fix().local_minus_utc() / 3_600
    }

    #[test]
    fn each_of_the_67_area_codes_of_brazil_has_its_zone() {
        // Whatever libphonenumber takes for an area code of Brazil, and nothing else.
        let given_out: BTreeSet<u16> = (10..100)
            .filter(|code| parse_phone(&format!("+55{code}987654321"), Region::BR).is_some())
            .collect();
        let listed: Vec<u16> = BRAZIL.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        assert_eq!(listed.len(), 67);
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), given_out);
        for code in listed {
            let zone = of_phone(&format!("+55{code}987654321")).unwrap();
            let expected = match code {
                68 => -5,
                65 | 66 | 67 | 69 | 92 | 95 | 97 => -4,
                _ => -3,
            };
            assert_eq!(hours(zone), expected, "{code} in {zone}");
        }
    }

    #[test]
    fn numbers_of_known_places() {
        let places = [
            ("+5511987654321", Tz::America__Sao_Paulo),
            ("+5568987654321", Tz::America__Rio_Branco),
            ("+5592987654321", Tz::America__Manaus),
            ("+5581987654321", Tz::America__Recife),
            ("+5520987654321", Tz::America__Sao_Paulo),
            ("+12125550100", Tz::America__New_York),
            ("+14235550100", Tz::America__New_York),
            ("+16502530000", Tz::America__Los_Angeles),
            ("+13102530000", Tz::America__Los_Angeles),
            ("+14165550100", Tz::America__Toronto),
            ("+13065550100", Tz::America__Regina),
            ("+18085550100", Tz::Pacific__Honolulu),
            ("+17875550100", Tz::America__Puerto_Rico),
            ("+525512345678", Tz::America__Mexico_City),
            ("+526641234567", Tz::America__Tijuana),
            ("+529981234567", Tz::America__Cancun),
            ("+351912345678", Tz::Europe__Lisbon),
            ("+351296123456", Tz::Atlantic__Azores),
            ("+34612345678", Tz::Europe__Madrid),
            ("+34922123456", Tz::Atlantic__Canary),
            ("+5491123456789", Tz::America__Argentina__Buenos_Aires),
            ("+56912345678", Tz::America__Santiago),
            ("+56612345678", Tz::America__Punta_Arenas),
            ("+573001234567", Tz::America__Bogota),
            ("+51912345678", Tz::America__Lima),
            ("+59894123456", Tz::America__Montevideo),
            ("+595961123456", Tz::America__Asuncion),
            ("+447400123456", Tz::Europe__London),
            ("+244923123456", Tz::Africa__Luanda),
            ("+258821234567", Tz::Africa__Maputo),
        ];
        for (number, zone) in places {
            assert_eq!(of_phone(number), Some(zone), "{number}");
        }
        let nowhere = [
            "",
            "+",
            "5511987654321",
            "ana@exemplo.com",
            "+é",
            "+18005550100",
            "+18675550100",
            "+61412345678",
            "+79161234567",
            "+99911987654321",
        ];
        for number in nowhere {
            assert_eq!(of_phone(number), None, "{number}");
        }
    }

    #[test]
    fn who_says_nothing_has_the_accounts_zone() {
        let account = Tz::America__Bahia;
        assert_eq!(of_recipient(Channel::Email, "ana@exemplo.com", account), account);
        assert_eq!(of_recipient(Channel::Email, "+5568987654321", account), account);
        assert_eq!(of_recipient(Channel::Sms, "+61412345678", account), account);
        assert_eq!(of_recipient(Channel::Voice, "+5568987654321", account), Tz::America__Rio_Branco);
    }

    #[test]
    fn no_code_stands_twice_and_no_country_is_made_up() {
        let mut codes = BTreeSet::new();
        for (country, areas) in [(55, &BRAZIL[..]), (1, &NORTH_AMERICA[..]), (52, &MEXICO[..])] {
            for code in areas.iter().flat_map(|(_, codes)| codes.iter()) {
                assert!(codes.insert((country, *code)), "{country} {code}");
            }
        }
        for (country, zone) in ONE_ZONE {
            assert!(codes.insert((country, 0)), "{country}");
            let region = PHONE_NUMBER_UTIL.get_region_for_country_code(country.into());
            assert!(region.is_some(), "{country} in {zone}");
        }
    }

    #[test]
    fn area_codes_of_the_united_states_and_canada_are_those_given_out() {
        let is_given_out = |code: u16| parse_phone(&format!("+1{code}2530000"), Region::US).is_some();
        // Islands have a few exchanges each, so that no one number is good in all of them.
        let is_continental = |codes: &[u16]| codes.len() > 3;
        let mut listed: BTreeSet<u16> = BTreeSet::new();
        for (zone, codes) in NORTH_AMERICA {
            listed.extend(codes);
            for code in codes.iter().filter(|_| is_continental(codes)) {
                assert!(is_given_out(*code), "{code} in {zone}");
            }
        }
        // Of no place: personal, toll-free and premium numbers; and the north of Canada, of three zones.
        let no_place = [
            500, 521, 522, 523, 524, 525, 526, 527, 528, 529, 532, 533, 544, 566, 577, 588, 600, 622, 633,
            800, 833, 844, 855, 866, 867, 877, 888, 900,
        ];
        for code in (200..1_000).filter(|code| is_given_out(*code) && !listed.contains(code)) {
            assert!(no_place.contains(&code), "{code} has no zone");
        }
    }
}
