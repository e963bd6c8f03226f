using WireGate.Core.Credentials;

namespace WireGate.Http.Credentials.Tokens;

/// <summary>A token that somebody gave.</summary>
/// <param name="Value">Owned by whoever has this.</param>
/// <param name="Lifetime">How long it is good from now on.</param>
internal readonly record struct IssuedToken(Secret Value, TimeSpan Lifetime);
