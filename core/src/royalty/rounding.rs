//! How others round, ONLY FOR COMPARING with their statements: our own amounts are always
//! apportioned by [`crate::money::apportion`], which is exact in total and needs no ties.
//!
//! Each function divides `total` units (cents, or ten-thousandths: what the statement counts in)
//! by integer weights. `None` if there is nothing to divide by.

/// Every part rounded down, and the units left over one each to the largest remainders; equal
/// remainders in the order given. Exact in total.
#[must_use]
pub fn largest_remainder(total: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let sum = sum(weights)?;
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let product = product(total, *weight);
        parts.push(whole(product.checked_div(sum)?)?);
        remainders.push((product.checked_rem(sum)?, at));
    }
    let given = parts
        .iter()
        .fold(0_u64, |sum, part| sum.saturating_add(*part));
    // Stable: equal remainders keep their order.
    remainders.sort_by_key(|(remainder, _)| core::cmp::Reverse(*remainder));
    let left = usize::try_from(total.saturating_sub(given)).ok()?;
    for (_, at) in remainders.into_iter().take(left) {
        if let Some(part) = parts.get_mut(at) {
            *part = part.saturating_add(1);
        }
    }
    Some(parts)
}

/// Every part to the nearest unit by itself, a half upwards. The sum can be off by a unit for
/// every two parts.
#[must_use]
pub fn half_up(total: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let sum = sum(weights)?;
    let part = |weight: &u64| {
        let twice = product(total, *weight).checked_mul(2)?.checked_add(sum)?;
        whole(twice.checked_div(sum.checked_mul(2)?)?)
    };
    weights.iter().map(part).collect()
}

/// Every part cut off by itself. The sum can fall short by a unit for every part.
#[must_use]
pub fn truncate(total: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let sum = sum(weights)?;
    let part = |weight: &u64| whole(product(total, *weight).checked_div(sum)?);
    weights.iter().map(part).collect()
}

fn sum(weights: &[u64]) -> Option<u128> {
    let add = |sum: u128, weight: &u64| sum.saturating_add(u128::from(*weight));
    Some(weights.iter().fold(0, add)).filter(|sum| *sum > 0)
}

/// Both are below 2^64.
fn product(total: u64, weight: u64) -> u128 {
    u128::from(total).saturating_mul(u128::from(weight))
}

fn whole(part: u128) -> Option<u64> {
    u64::try_from(part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ClicknClear's published sample row cuts off every cell: 25/6, 125/6, 125/12 and 175/24 in four
    /// places; its total 14.5832 is a sum of cut cells, where 14.5833 would be exact.
    /// Source: ClicknClear's statement specification, sample row.
    #[test]
    fn clicknclear_cuts_every_cell_to_four_places() {
        let first = |total, weights: &[u64]| truncate(total, weights).unwrap()[0];
        assert_eq!(truncate(250_000, &[1, 5]), Some(vec![41_666, 208_333]));
        assert_eq!(first(1_250_000, &[1, 11]), 104_166);
        assert_eq!(first(1_750_000, &[1, 23]), 72_916);
        assert_eq!(2 * first(1_750_000, &[1, 23]), 145_832);
        assert_ne!(41_666 + 208_333, 250_000);
    }

    /// Half a cent rounds up. Source: Council Regulation (EC) 1103/97, article 5: "If the application of
    /// the conversion rate gives a result which is exactly half-way, the sum shall be rounded up."
    #[test]
    fn euro_amounts_round_a_half_up() {
        // 1 DEM at the fixed rate of 1.95583 DEM for a euro, in cents: 51.129...
        assert_eq!(half_up(100, &[100_000, 95_583]), Some(vec![51, 49]));
        assert_eq!(half_up(5, &[1, 1]), Some(vec![3, 3]));
        assert_eq!(half_up(1, &[1, 2]), Some(vec![0, 1]));
    }

    /// The same pool under the three: the data of the Last.fm check have it in large.
    #[test]
    fn only_the_largest_remainder_is_exact_in_total() {
        let weights = [1, 1, 1];
        assert_eq!(largest_remainder(100, &weights), Some(vec![34, 33, 33]));
        assert_eq!(half_up(100, &weights), Some(vec![33, 33, 33]));
        assert_eq!(truncate(100, &weights), Some(vec![33, 33, 33]));
        assert_eq!(largest_remainder(7, &[0, 0]), None);
        assert_eq!(
            largest_remainder(u64::MAX, &[u64::MAX]),
            Some(vec![u64::MAX])
        );
    }

    /// Usages of the DDEX sample report UnlimitedMusicMonthly, 3,160 in all for GBP 5,000.00.
    /// Source: DDEX DSR sample file; ISRC totals of its fifteen SU02 lines.
    #[test]
    fn ddex_unlimited_music_monthly_by_largest_remainder() {
        let usages = [439, 581, 727, 377, 593, 443];
        assert_eq!(
            largest_remainder(500_000, &usages),
            Some(vec![69_462, 91_930, 115_032, 59_652, 93_829, 70_095])
        );
    }
}
