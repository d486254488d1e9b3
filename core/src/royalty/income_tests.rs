//! Published examples of pools, to the last micro, and what is refused.

use super::*;

/// The numbers of the US worked example: 15.35 % of revenue, 26.2 % of content cost, at most 1.10 and at
/// least 0.60 for each subscriber.
const US: &str = "version = 1\nmodel = \"us-mechanical\"\n[us_mechanical]\nheadline_ppm = 153500\nrounding = \"cent\"\n[us_mechanical.offering.standalone-portable]\ntcc_ppm = 262000\ntcc_cap = \"1.10\"\nfloor = \"0.60\"\n";

fn offering(more: &str) -> String {
    format!(
        "version = 1\nperiod = \"2026-04\"\n[[offering]]\nname = \"Premium\"\nterritory = \"US\"\ntier = \"premium\"\nright = \"mechanical\"\ncurrency = \"USD\"\n{more}\n"
    )
}

fn compute(rules: &str, inputs: &str) -> Result<Vec<ComputedPool>, IncomeError> {
    let rules = Rules::parse(rules.as_bytes()).unwrap();
    Income::parse(inputs.as_bytes())?.pools(&rules)
}

fn us(performance: &str) -> ComputedPool {
    let more = format!(
        "kind = \"standalone-portable\"\nrevenue = \"1000000.00\"\ncontent_cost = \"620000.00\"\nsubscribers = 100000\nperformance = \"{performance}\""
    );
    compute(US, &offering(&more)).unwrap().remove(0)
}

/// headline 153,500; content cost min(162,440; 110,000) = 110,000; all-in 153,500; less performance
/// 60,000: 93,500.00. Source: 37 CFR 385.21(b), steps 1 to 3; own arithmetic in exact fractions.
#[test]
fn us_worked_example_has_a_pool_of_93500() {
    let computed = us("60000.00");
    let amounts: Vec<String> = computed
        .steps
        .iter()
        .map(|s| s.amount.to_string())
        .collect();
    assert_eq!(
        amounts,
        [
            "1000000.000000",
            "153500.000000",
            "162440.000000",
            "110000.000000",
            "153500.000000",
            "93500.000000",
            "93500.000000",
            "93500.000000"
        ]
    );
    assert_eq!(computed.pool.amount, Micros(93_500_000_000));
    assert_eq!(computed.pool.subscribers, Some(100_000));
    assert!(computed.steps.iter().all(|step| step.is_exact));
}

/// With performance royalties of 120,000 the rest, 33,500, is below the floor of 0.60 for each of 100,000.
/// Source: 37 CFR 385.22; own arithmetic in exact fractions.
#[test]
fn us_floor_case_has_a_pool_of_60000() {
    assert_eq!(us("120000.00").pool.amount, Micros(60_000_000_000));
    assert_eq!(us("999999999").pool.amount, Micros(60_000_000_000));
}

/// Music 10.99 and another component 9.99 alone, sold together for 10.99: 10.99 · 10.99 / 20.98 = 5.7569, or
/// 52.38 % of the price ("approximately fifty-two percent").
/// Source: the complaint in 1:2024cv03809 (S.D.N.Y.) and themultiverse.uk, sig-003.
#[test]
fn bundle_of_10_99_and_9_99_leaves_5_7569_of_10_99() {
    let rules =
        "version = 1\nmodel = \"pro-rata\"\n[pool]\nshare_ppm = 1000000\nrounding = \"micro\"\n";
    let bundle = "revenue = \"10.99\"\n[[offering.component]]\nname = \"music\"\nprice = \"10.99\"\nmusic = true\n[[offering.component]]\nname = \"audiobooks\"\nprice = \"9.99\"\n";
    let computed = compute(rules, &offering(bundle)).unwrap().remove(0);
    assert_eq!(computed.pool.amount, Micros(5_756_916));
    assert!(!computed.steps[1].is_exact);
    let half = rules.replace("1000000", "520000").replace("micro", "cent");
    let computed = compute(&half, &offering(bundle)).unwrap();
    assert_eq!(computed[0].pool.amount, Micros(2_990_000));
    assert_eq!(
        pools_csv(&computed),
        "territory,tier,right,currency,amount\nUS,premium,mechanical,USD,2.990000\n"
    );
}

#[test]
fn a_half_cent_rounds_up_and_yen_have_none() {
    let rules =
        "version = 1\nmodel = \"pro-rata\"\n[pool]\nshare_ppm = 500000\nrounding = \"cent\"\n";
    let pool = |inputs: &str| compute(rules, inputs).unwrap()[0].pool.amount;
    assert_eq!(pool(&offering("revenue = \"0.01\"")), Micros(10_000));
    assert_eq!(
        pool(&offering("revenue = \"3\"").replace("USD", "JPY")),
        Micros(2_000_000)
    );
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let wrong = |rules: &str, more: &str| compute(rules, &offering(more)).unwrap_err().to_string();
    let part = "version = 1\nmodel = \"pro-rata\"\n[pool]\nshare_ppm = 1\nrounding = \"cent\"\n";
    let cases = [
        (wrong(US, "revenue = \"1\""), "kind of offering"),
        (
            wrong(US, "revenue = \"1\"\nkind = \"free\""),
            "one of standalone-portable",
        ),
        (
            wrong(US, "revenue = \"1\"\nkind = \"standalone-portable\""),
            "content_cost",
        ),
        (
            wrong(
                US,
                "revenue = \"1\"\ncontent_cost = \"1\"\nkind = \"standalone-portable\"",
            ),
            "subscribers",
        ),
        (
            wrong(part, "revenue = \"1\"\nperformance = \"1\""),
            "us-mechanical",
        ),
        (wrong(part, "revenue = \"-1\""), "1234.50"),
        (wrong(part, "revenue = \"1\"\nx = 1"), "unknown field"),
        (
            wrong(
                part,
                "revenue = \"1\"\n[[offering.component]]\nname = \"a\"\nprice = \"1\"",
            ),
            "exactly one component",
        ),
        (
            wrong("version = 1\nmodel = \"pro-rata\"\n", "revenue = \"1\""),
            "[pool]",
        ),
        (
            wrong(
                &format!("valid_to = \"2026-04-02\"\n{part}"),
                "revenue = \"1\"",
            ),
            "hold",
        ),
    ];
    for (message, words) in cases {
        assert!(message.contains(words), "{message}: {words}");
    }
}
