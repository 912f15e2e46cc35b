// Package advise says what would change a licence position, and by how much:
// accounts to disable, people who ask for more than Standard by an event or two,
// machines to license instead of their users, External Connectors against CALs,
// and Software Assurance that would cover a newer version.
//
// # What is run again
//
// No saving is estimated. Each is the difference of two audits by the whole
// model: who is who, decisions, demands, cheapest mix, stock and prices. The one
// is the audit as it is, or, where the position rests on the advice already, the
// audit without it; the other has its input changed:
//
//   - dormant-account: the directory accounts of persons of whom nothing but
//     states is known are disabled; a state that a plain row tells is left out.
//   - rare-enterprise: the events for which somebody needs more than Standard are
//     left out, of all who have no more than Input.Events of them and no state,
//     such as a voice extension, that asks for it as well.
//   - shared-device: every person has user CALs, against: the machines that two
//     or more persons used may hold device CALs, and no others.
//   - external-connector: the connectors are owned, as many as are needed; or,
//     where the position counts on connectors, there are none.
//   - software-assurance: each entitlement that would then serve a line that is
//     short had Software Assurance on the day its version came out.
//
// All candidates of a kind are changed together: that is what the kind saves.
// Savings of several kinds overlap and do not add up: what they save together is
// audited as well, with the changes of all kinds that the position does not count
// on already made at once, and so is by how much their sum is another.
//
// What was done with a shared account counts for each of its people, here as
// everywhere: it is their last activity, an event of each of them, and a state
// that ends for all when it is disabled with one of them.
//
// # What one of them saves alone
//
// The same, with one candidate changed. An audit for each would take hours, so
// candidates of the same shape are audited once: those whose demands before and
// after differ in nothing but names, and who share nothing with anybody. To the
// mix such candidates are the same question, so the answer is that of each. A
// person is alone with a shape when the own machines were used by nobody else,
// with no network card that machines of several names had, and when leaving the
// events out makes nobody somebody else. Who shares something is a shape alone.
// At most Input.Singles shapes of a kind are audited, those of most candidates
// first; of the others it is not told what they save alone.
//
// # How sure it is
//
// Each disputed question is answered the other way in both audits, one question
// at a time; what is saved then is told where it differs. Where the cheapest mix
// is not proven to be the cheapest, neither is the difference of two of them.
//
// What is saved counts CALs and connectors: disabling an account turns off no
// server, and an event that did not happen removes no client. Only Software
// Assurance counts every line of the position.
package advise
