using System.Globalization;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Identities.Unix;

namespace WireGate.Admin.Access;

/// <summary>Who asks: known from the socket alone, nothing of it is taken from the request.</summary>
/// <param name="Peer">The process at the other end.</param>
/// <param name="UserName">The name of its uid; null: it has none.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Identity">Who that is for the record.</param>
internal sealed record AdminCaller(UnixPeer Peer, string? UserName, AdminRole Role, Identity Identity)
{
    /// <summary>The caller in words.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{UserName ?? "(no name)"}, uid {Peer.UserId}, pid {Peer.ProcessId}");
}
