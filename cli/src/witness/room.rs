//! Room for connections: anybody may open some, nobody can keep the others out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The connections of one listener, at most `most` at one time.
///
/// When it is full, the connection that has been idle longest gives way: one of the address that has
/// most idle ones. Idle is all but a request under decision; one that is slow to arrive is idle, too.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    seats: Mutex<Seats>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Seats {
    /// Counts all that happens.
    moment: u64,
    taken: BTreeMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    /// Where it comes from: an IPv4 address, or the network of an IPv6 one.
    from: IpAddr,
    /// The moment since which it is idle; `None` while a request of it is decided.
    idle: Option<u64>,
    close: Arc<Notify>,
}

/// A connection's place in a [`Room`]; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    room: Arc<Room>,
    number: u64,
    close: Arc<Notify>,
}

/// While it is there, the connection does not give way.
#[derive(Debug)]
pub(super) struct Busy(Arc<Seat>);

impl Room {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            seats: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Takes a place, as soon as there is one that is free or can give way. One task may wait.
    pub(super) async fn enter(self: &Arc<Self>, peer: IpAddr) -> Arc<Seat> {
        loop {
            if let Some(seat) = self.try_enter(peer) {
                return Arc::new(seat);
            }
            self.freed.notified().await;
        }
    }

    fn try_enter(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let mut seats = self.seats();
        if seats.taken.len() >= self.most {
            let longest = seats.longest_idle()?;
            if let Some(taken) = seats.taken.remove(&longest) {
                taken.close.notify_one();
            }
        }
        let number = seats.tick();
        let close = Arc::new(Notify::new());
        let taken = Taken {
            from: network(peer),
            idle: Some(number),
            close: Arc::clone(&close),
        };
        seats.taken.insert(number, taken);
        Some(Seat {
            room: Arc::clone(self),
            number,
            close,
        })
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn tick(&mut self) -> u64 {
        self.moment = self.moment.saturating_add(1);
        self.moment
    }

    fn longest_idle(&self) -> Option<u64> {
        let mut by_origin: BTreeMap<IpAddr, Vec<(u64, u64)>> = BTreeMap::new();
        for (&number, taken) in &self.taken {
            if let Some(since) = taken.idle {
                let idle = by_origin.entry(taken.from).or_default();
                idle.push((since, number));
            }
        }
        let most = by_origin.into_values().max_by_key(Vec::len)?;
        most.into_iter().min().map(|(_, number)| number)
    }
}

impl Seat {
    /// Ends when the connection has to give way.
    pub(super) async fn given_away(&self) {
        self.close.notified().await;
    }

    /// A request is complete, and is being decided.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.set_idle(false);
        Busy(Arc::clone(self))
    }

    fn set_idle(&self, is_idle: bool) {
        let mut seats = self.room.seats();
        let moment = seats.tick();
        if let Some(taken) = seats.taken.get_mut(&self.number) {
            taken.idle = is_idle.then_some(moment);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.seats().taken.remove(&self.number);
        self.room.freed.notify_one();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set_idle(true);
        self.0.room.freed.notify_one();
    }
}

/// Who has one IPv6 address has the 2^64 of its network.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

/// Who gives way to whom.
#[cfg(test)]
mod tests {
    use super::*;

    fn enter(room: &Arc<Room>, peer: &str) -> Option<Arc<Seat>> {
        room.try_enter(peer.parse().unwrap()).map(Arc::new)
    }

    fn has(room: &Room, seat: &Seat) -> bool {
        room.seats().taken.contains_key(&seat.number)
    }

    #[test]
    fn the_longest_idle_of_the_greediest_gives_way() {
        let room = Room::new(4);
        let quiet = enter(&room, "192.0.2.1").unwrap();
        let greedy: Vec<_> = (1..=3)
            .map(|last| enter(&room, &format!("2001:db8::{last}")).unwrap())
            .collect();
        // What was busy since then is not the longest idle any more.
        drop(greedy[0].busy());
        let new = enter(&room, "192.0.2.2").unwrap();
        assert!(has(&room, &quiet) && has(&room, &greedy[0]) && has(&room, &new));
        assert!(!has(&room, &greedy[1]) && has(&room, &greedy[2]));
        // It is given back once, though it was taken away before.
        drop(greedy);
        assert_eq!(room.seats().taken.len(), 2);
    }

    #[test]
    fn who_is_busy_does_not_give_way() {
        let room = Room::new(2);
        let seats = ["192.0.2.1", "::ffff:192.0.2.1"].map(|peer| enter(&room, peer).unwrap());
        let busy = seats.each_ref().map(|seat| seat.busy());
        assert!(enter(&room, "192.0.2.2").is_none());
        drop(busy);
        assert!(enter(&room, "192.0.2.2").is_some());
        assert!(!has(&room, &seats[0]) && has(&room, &seats[1]));
    }
}
