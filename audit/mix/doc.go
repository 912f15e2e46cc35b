// Package mix finds the cheapest valid mix of user and device CALs: who is to
// hold what, so that every use is covered by its user or by its device and the
// least must be bought. It knows families of CALs, versions, two metrics, stock
// and prices, and nothing of what they are for. All numbers are whole.
//
// # The question
//
// A demand is met when its user, or its device, holds all of its families in its
// version or a newer one; a family other than the first is held only on top of
// the first. Stock serves its version and older needs: newer needs take first,
// each from the oldest version that serves. A bundle gives its families to one
// holder. What is short is bought, at the lowest price of the version or a newer
// one. Of all answers the best is, in this order,
//
//  1. the one that costs least,
//  2. has the fewest CALs,
//  3. has the fewest device CALs, hence more user CALs,
//  4. has the least sum of versions, hence nobody a newer one without need,
//  5. and in which the first holder that differs holds more: users before
//     devices, each by number, compared family by family.
//
// Nobody holds more than the demands met there ask for: less is never worse by
// 1 to 3 and better by 4. So what a user may hold is what is forced, with any of
// the own demands on top, and a device holds what its users leave to it.
//
// # Reductions (normal.go)
//
// A demand with one side forces that side; one that is met by what is forced, or
// implied by another of the same two, asks for nothing more. If nothing is left,
// that is the answer.
//
// # No stock in question: one minimum cut (graph.go, cut.go)
//
// A holder's versions of one family form a chain. Each step of it, from what is
// forced or the next lower version that a demand names, is a node that is taken
// or not and costs the difference of the two prices; prices never fall with the
// version, so no weight is below 0. "All steps of the demand at the user, or all
// at the device" is, for every step of the one and every step of the other, "this
// or that": a graph of edges between users' and devices' nodes, of each of which
// one end must be taken. A step without those below it, or a family without the
// first, is never needed: its edges are among theirs. So the question
// is a lightest vertex cover of a bipartite graph, which is a minimum cut, and a
// maximum flow finds and proves it. The criteria 1 to 4 go into one weight in
// which each outweighs all that follow (scale). Minimum cuts are closed under
// union and intersection; the one nearest to the source has every user that any
// of them has, which is 5. Components of the same shape are solved once.
//
// Stock that no choice could use up makes its steps free and changes nothing
// else of this.
//
// # Stock that runs out: a bound and an answer (dual.go, master.go)
//
// Then what one holder takes another may lack, and the question is hard in
// general. Suppose each CAL were worth some λ between nothing and its price, not
// falling with the version, and stock were sold at that: every answer costs at
// least what it weighs at those worths, less the worth of the stock, because a
// need is either bought at no less than λ or takes a unit of stock that is worth
// no less than λ (linear duality, for bundles taken apart, which only lowers
// it). The lightest set at λ, one minimum cut, is thus a lower bound whatever λ
// is. The greatest bound is sought by column generation: a small linear program
// mixes the sets found so far and says which λ to try next. It works with
// floating-point numbers, but λ is rounded and each bound is computed from whole
// numbers. A cut that is given up for its work still bounds: by what flows.
//
// The answer is put together from the sets found (choose.go, refine.go,
// between.go): whole components take the one pattern or the other; in large
// components the flow at the last λ shows which parts can be given up one after
// the other at no loss, and they are, until stock is used up; then single
// holders are tried. All of that only proposes. The answer is priced afresh
// (stock.go) and never called more than it is: its cost is optimal when the
// bound says so, and all of 1 to 4 are (Exact) when the bound of the whole
// weight is met. Otherwise the bound is the gap. Ties by 5 are then followed
// within components of one shape only.
//
// # Few users: everything is tried (exhaust.go)
//
// With at most 24 users to decide for, what each may hold is tried in the order
// of 5, the most first, and given up as soon as what is held so far is no better
// than the best answer: needs only grow, and so do all of 1 to 4. The first of
// the best is 1 to 5 exactly, with bundles.
//
// Where more users are to be decided for and the cuts leave something open, what
// they found cuts the same search short: by devices if there are at most 64 of
// them to decide for, else by users. Devices are tried in any order, so equal
// answers are compared holder by holder in a second pass, if there is time.
//
// # Bundles (stock.go)
//
// For given holders the bundles go to those of whom they leave the least to buy.
// What splitting them would cost is a lower bound, nearly always met at once;
// else all ways to give them out are tried. When there are too many, the price
// is an upper bound, and the answer not exact.
//
// # Proof
//
// Check (check.go) shares no code with any of this: it goes through the demands
// and recounts holders, stock and cost.
package mix
