using System.Collections.Frozen;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Authentication;

/// <summary>Where a client wants to go.</summary>
internal static class TargetChoice
{
    /// <summary>Parts what stands for anything from the target's name, which has none in it.</summary>
    private const byte Separator = (byte)'+';

    /// <summary>The target is the listener's; else the one behind the user name's last <c>+</c>.</summary>
    /// <param name="listenerTarget">The listener's only target; null: it has none.</param>
    /// <param name="user">The user name.</param>
    /// <param name="targets">All targets.</param>
    /// <param name="why">Why there is none, for the operator.</param>
    /// <returns>Null: there is no such target of this protocol.</returns>
    public static TargetConfig? Of(string? listenerTarget, ReadOnlySpan<byte> user, FrozenDictionary<string, TargetConfig> targets, out string why)
    {
        int separator = user.LastIndexOf(Separator);
        string? name = listenerTarget ?? (separator < 0 ? null : Encoding.UTF8.GetString(user[(separator + 1)..]));
        why = name is null ? "the user name names no target: it has to be anything+TARGET" : $"there is no SSH target \"{PeerText.Of(Encoding.UTF8.GetBytes(name))}\"";
        return name is not null && targets.TryGetValue(name, out TargetConfig? target) && target.Protocol == ProtocolNames.Ssh ? target : null;
    }
}
