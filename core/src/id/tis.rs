//! The Territory Information System of CISAC: four-digit codes of countries and of groups of them.
//!
//! The tables are our own extract of what the system says holds today, from the CSV files of
//! musicmetadata/territories (MIT, commit 5af69a2 of 2024-12-07, "made from Excel files downloaded
//! from CISAC documents"). Its 201 countries are fewer than the 249 of ISO 3166-1: places such as
//! Guadeloupe or Jersey have no code of their own there. They belong to the world and to nothing
//! smaller, since no source that we could read says which country's code covers them.

use super::{Territories, Territory};

/// All codes that ISO 3166-1 assigns.
const ISO: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
     BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
     DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
     GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
     KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
     MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
     PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
     SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
     VN VU WF WS YE YT ZA ZM ZW";

/// TIS numeric code and ISO code of each country.
const COUNTRIES: &str = "0004AF 0008AL 0012DZ 0020AD 0024AO 0028AG 0031AZ 0032AR 0036AU 0040AT 0044BS 0048BH 0050BD \
     0051AM 0052BB 0056BE 0064BT 0068BO 0070BA 0072BW 0076BR 0084BZ 0090SB 0096BN 0100BG 0104MM \
     0108BI 0112BY 0116KH 0120CM 0124CA 0132CV 0140CF 0144LK 0148TD 0152CL 0156CN 0158TW 0170CO \
     0174KM 0178CG 0180CD 0188CR 0191HR 0192CU 0196CY 0203CZ 0204BJ 0208DK 0212DM 0214DO 0218EC \
     0222SV 0226GQ 0231ET 0232ER 0233EE 0242FJ 0246FI 0250FR 0258PF 0262DJ 0266GA 0268GE 0270GM \
     0276DE 0288GH 0296KI 0300GR 0308GD 0320GT 0324GN 0328GY 0332HT 0336VA 0340HN 0344HK 0348HU \
     0352IS 0356IN 0360ID 0364IR 0368IQ 0372IE 0376IL 0380IT 0384CI 0388JM 0392JP 0398KZ 0400JO \
     0404KE 0408KP 0410KR 0414KW 0417KG 0418LA 0422LB 0426LS 0428LV 0430LR 0434LY 0438LI 0440LT \
     0442LU 0446MO 0450MG 0454MW 0458MY 0462MV 0466ML 0470MT 0478MR 0480MU 0484MX 0492MC 0496MN \
     0498MD 0499ME 0504MA 0508MZ 0512OM 0516NA 0520NR 0524NP 0528NL 0540NC 0548VU 0554NZ 0558NI \
     0562NE 0566NG 0578NO 0583FM 0584MH 0585PW 0586PK 0591PA 0598PG 0600PY 0604PE 0608PH 0616PL \
     0620PT 0624GW 0626TL 0630PR 0634QA 0642RO 0643RU 0646RW 0659KN 0662LC 0670VC 0674SM 0678ST \
     0682SA 0686SN 0688RS 0690SC 0694SL 0702SG 0703SK 0704VN 0705SI 0706SO 0710ZA 0716ZW 0724ES \
     0728SS 0729SD 0732EH 0740SR 0748SZ 0752SE 0756CH 0760SY 0762TJ 0764TH 0768TG 0776TO 0780TT \
     0784AE 0788TN 0792TR 0795TM 0798TV 0800UG 0804UA 0807MK 0818EG 0826GB 0834TZ 0840US 0854BF \
     0858UY 0860UZ 0862VE 0882WS 0887YE 0894ZM";

/// States that are no more, with those that came after them.
const FORMER: [(u32, &str); 10] = [
    (200, "CZ SK"),
    (230, "ER ET"),
    (278, "DE"),
    (280, "DE"),
    (720, "YE"),
    (736, "SD SS"),
    (810, "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"),
    (886, "YE"),
    (890, "BA HR ME MK RS SI"),
    (891, "ME RS"),
];

/// The world: all territories, whether the system lists them or not.
const WORLD: (u32, &str) = (2136, "2WL");

/// Groups but the world: numeric code, alphabetic code, members.
const GROUPS: [(u32, &str, &str); 35] = [
    // Africa
    (
        2100,
        "2AF",
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RW SC SD SL SN SO SS ST SZ TD TG TN TZ UG ZA ZM ZW",
    ),
    // America
    (
        2101,
        "2AM",
        "AG AR BB BO BR BS BZ CA CL CO CR CU DM DO EC GD GT GY HN HT JM KN LC MX NI PA PE PR PY SR SV TT US UY VC VE",
    ),
    // American continent
    (
        2102,
        "2AC",
        "AR BO BR BZ CA CL CO CR EC GT GY HN MX NI PA PE PY SR SV US UY VE",
    ),
    // Antilles
    (2103, "2AN", "AG BB CU DM DO GD HT JM KN LC PR TT VC"),
    // APEC countries
    (
        2104,
        "2AP",
        "AU BN CA CL CN HK ID JP KR MO MX MY NZ PE PG PH PR RU SG TH TW US VN",
    ),
    // ASEAN countries
    (2105, "2AE", "BN ID KH LA MM MY PH SG TH VN"),
    // Asia
    (
        2106,
        "2AS",
        "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    ),
    // Australasia
    (2107, "2AA", "AU FJ NC NZ SB VU"),
    // Balkans
    (2108, "2BA", "AL BA BG GR HR ME MK RO RS SI"),
    // Baltic states
    (2109, "2BS", "EE LT LV"),
    // Benelux
    (2110, "2BE", "BE LU NL"),
    // British Isles
    (2111, "2BI", "GB IE"),
    // British West Indies
    (2112, "2BW", "AG BB BS DM GD JM KN LC TT VC"),
    // Central America
    (2113, "2CA", "BZ CR GT HN NI PA SV"),
    // Commonwealth
    (
        2114,
        "2CO",
        "AG AU BB BD BN BS BW BZ CA CM CY DM FJ GB GD GH GM GY IN JM KE KI KN LC LK LS MT MU MV MW MY MZ NA NG NR NZ PG PK SB SC SG SL SZ TO TT TV TZ UG VC VU WS ZA ZM",
    ),
    // Commonwealth African territories
    (
        2115,
        "2CF",
        "BW CM GH GM KE LS MU MW MZ NA NG SC SL SZ TZ UG ZA ZM",
    ),
    // Commonwealth Asian territories
    (2116, "2CS", "BD BN CY IN LK MV MY PK SG"),
    // Commonwealth Australasian territories
    (2117, "2CU", "AU FJ NZ SB VU"),
    // Commonwealth of Independent States
    (2118, "2CI", "AM AZ BY KG KZ MD RU TJ TM UZ"),
    // Eastern Europe
    (2119, "2EE", "AL BG BY CZ EE HU LT LV MD PL RO RU SK UA"),
    // Europe
    (
        2120,
        "2EU",
        "AD AL AT BA BE BG BY CH CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SK SM UA VA",
    ),
    // European Economic Area
    (
        2121,
        "2EM",
        "AT BE BG CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK",
    ),
    // European continent
    (
        2122,
        "2EC",
        "AD AL AT BA BE BG BY CH CZ DE DK EE ES FI FR GR HR HU IT LI LT LU LV MC MD ME MK NL NO PL PT RO RS RU SE SI SK SM UA VA",
    ),
    // European Union
    (
        2123,
        "2EN",
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK",
    ),
    // GSA countries
    (2124, "2GC", "AT CH DE"),
    // Middle East
    (
        2125,
        "2ME",
        "AE AF BD BH BT IN IQ IR JO KW LK MN MV NP OM PK QA SA YE",
    ),
    // NAFTA countries
    (2126, "2NT", "CA MX PR US"),
    // Nordic countries
    (2127, "2NC", "DK FI IS NO SE"),
    // North Africa
    (2128, "2NF", "DZ EG LY MA TN"),
    // North America
    (2129, "2NA", "CA MX US"),
    // Oceania
    (
        2130,
        "2OC",
        "AU FJ FM KI MH NC NR NZ PF PG PW SB TO TV VU WS",
    ),
    // Scandinavia
    (2131, "2SC", "DK NO SE"),
    // South America
    (2132, "2SA", "AR BO BR CL CO EC GY PE PY SR UY VE"),
    // South East Asia
    (2133, "2SE", "BN ID KH LA MM MY PH SG TH TL VN"),
    // West Indies
    (2134, "2WI", "AG BB BS CU DM DO GD HT JM KN LC PR TT VC"),
];

/// The territories that a TIS code stands for: `0840` or `840`, `2136`, `2WL`. `None` for any other
/// text. Groups have the members of the table's date; codes of former states stand for those that
/// came after them.
#[must_use]
pub fn tis_members(code: &str) -> Option<Territories> {
    let letters = code.to_ascii_uppercase();
    if letters == WORLD.1 {
        return Some(Territories::WORLD);
    }
    if let Some((_, _, members)) = GROUPS.iter().find(|(_, alpha, _)| *alpha == letters) {
        return Some(listed(members));
    }
    if !(1..=4).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u32 = code.parse().ok()?;
    if number == WORLD.0 {
        return Some(Territories::WORLD);
    }
    let group = GROUPS.iter().find(|(group, ..)| *group == number);
    let former = FORMER.iter().find(|(state, _)| *state == number);
    let members = group.map(|(.., members)| *members);
    if let Some(members) = members.or(former.map(|(_, after)| *after)) {
        return Some(listed(members));
    }
    let padded = format!("{number:04}");
    COUNTRIES
        .split(' ')
        .find_map(|entry| entry.strip_prefix(padded.as_str()))
        .map(listed)
}

fn listed(codes: &str) -> Territories {
    Territories::of(
        codes
            .split(' ')
            .filter_map(|code| Territory::parse(code).ok()),
    )
}

/// Whether ISO 3166-1 assigns the code.
pub(super) fn is_iso(territory: Territory) -> bool {
    // Two letters and a blank each, ascending.
    let (bytes, code) = (ISO.as_bytes(), territory.bytes());
    let entries: &[[u8; 3]] = bytes.as_chunks().0;
    let last = bytes.ends_with(&code);
    last || entries
        .binary_search_by(|[a, b, _]| [*a, *b].cmp(&code))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(code: &str) -> Vec<Territory> {
        tis_members(code).unwrap().listed().to_vec()
    }

    #[test]
    fn the_tables_have_the_counts_of_their_source() {
        assert_eq!(ISO.split(' ').count(), 249);
        assert_eq!(COUNTRIES.split(' ').count(), 201);
        let counts: Vec<usize> = GROUPS.iter().map(|(.., m)| m.split(' ').count()).collect();
        assert_eq!(
            counts,
            [
                55, 36, 22, 13, 23, 10, 50, 6, 10, 3, 3, 2, 10, 7, 53, 18, 9, 5, 10, 14, 44, 29,
                40, 27, 3, 19, 4, 5, 5, 3, 16, 3, 12, 11, 14
            ]
        );
        for (number, alpha, _) in GROUPS {
            assert_eq!(tis_members(alpha), tis_members(&number.to_string()));
        }
    }

    #[test]
    fn every_country_is_in_exactly_one_part_of_the_world() {
        let mut parts: Vec<Territory> = ["2100", "2101", "2106", "2120", "2130"]
            .into_iter()
            .flat_map(members)
            .collect();
        parts.sort_unstable();
        let mut countries: Vec<Territory> = COUNTRIES
            .split(' ')
            .map(|entry| Territory::parse(&entry[4..]).unwrap())
            .collect();
        countries.sort_unstable();
        assert_eq!(parts, countries);
        assert_eq!(tis_members("2136"), Some(Territories::WORLD));
    }

    #[test]
    fn all_members_are_iso_codes() {
        let groups = GROUPS.iter().flat_map(|(.., m)| m.split(' '));
        let former = FORMER.iter().flat_map(|(_, m)| m.split(' '));
        let countries = COUNTRIES.split(' ').map(|entry| &entry[4..]);
        for code in groups.chain(former).chain(countries) {
            assert!(is_iso(Territory::parse(code).unwrap()), "{code}");
        }
        for code in ["AD", "ZW", "GP", "ME"] {
            assert!(is_iso(Territory::parse(code).unwrap()), "{code}");
        }
        for code in ["XX", "UK", "ZZ", "EU", "AA", "XK"] {
            assert!(!is_iso(Territory::parse(code).unwrap()), "{code}");
        }
    }

    #[test]
    fn codes_are_read_as_files_write_them() {
        assert_eq!(members("0840"), members("840"));
        assert_eq!(members("8"), members("0008"));
        assert_eq!(members("2131").len(), 3);
        assert_eq!(members("2eu").len(), 44);
        // The German Democratic Republic, the Soviet Union.
        assert_eq!(members("0278"), members("0276"));
        assert_eq!(members("0810").len(), 15);
        for code in [
            "", "0", "0001", "2135", "2137", "00840", "08 4", "US", "+840", "２100",
        ] {
            assert_eq!(tis_members(code), None, "{code}");
        }
    }
}
