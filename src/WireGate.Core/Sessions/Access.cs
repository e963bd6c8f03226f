using WireGate.Core.Configuration;

namespace WireGate.Core.Sessions;

/// <summary>What a session may reach, and why.</summary>
/// <param name="Target">The upstream.</param>
/// <param name="Login">The account of it.</param>
/// <param name="Grant">What opens it.</param>
public sealed record Access(TargetConfig Target, LoginConfig Login, GrantConfig Grant);
