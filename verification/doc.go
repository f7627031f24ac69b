// Package verification runs key verifications: two devices agree on a method,
// the persons behind them compare something, and each learns which keys of the
// other are genuine. The methods stand in packages of their own; short
// authentication strings in package sas.
//
// A program has one [Verifier] for its device. It gives every event of the types
// m.key.verification.* and every m.room.message to [Verifier.Receive], and the
// person's decisions to the methods of a [Flow]. Both return an [Out]: what to
// send now, and what to tell or ask the person. When a flow is [Done],
// [Flow.Verified] has the keys, and a program signs them with
// crosssigning.PrivateKeys.SignUser, SignDevice or LocalDevice.SignMaster.
//
// A Verifier has no clock: the time is an argument everywhere, and
// [Verifier.Next] says when to call [Verifier.Expire].
//
// # Key management
//
// Keys are taken from the crosssigning values in [Keys] when a flow begins: with
// the request that we send, or when a person accepts theirs. They do not change
// after that, whatever the server shows. A user one of whose devices has a
// cross-signing key for its id is refused. What is verified is handed out in the
// state Done only, as the very objects that the flow began with.
//
// The secrets of a flow are wiped when it ends. Nothing is stored: a flow does not
// survive a restart.
//
// # Order
//
// What may happen when stands in one table, in table.go. An event of the other
// device that has no place in it cancels the flow with m.unexpected_message. What
// comes from elsewhere, from a stranger, another device or ourselves, changes
// nothing, except that a question goes away when another device of ours answers
// it in the room. Most events in the clear say which user sent them, and not which
// device: they count as the other device's. A call that returns an error changed
// nothing either, and an event for which [Verifier.Receive] returns an error was
// dropped.
//
// # Interoperability
//
// Matrix specification, client-server API, "Key verification framework" and
// "Error and exception handling". With another user, verifications go through a
// room ([Verifier.RequestInRoom]), with a device of one's own they do not
// ([Verifier.Request]); verifying oneself in a room is not supported, since the
// messages of both sides could not be told apart there. A verification that
// another device begins without a request is handled, and never begun here.
//
// In an encrypted room the keys of the events of a verification go to all devices
// of its two users, also to those from which the program withholds others: they
// are not verified yet (specification, "Key verification framework").
//
// In an encrypted room m.relates_to stands in the clear part of an event. The
// content that both sides commit to has it nevertheless: see
// [Event.ClearRelation].
package verification
