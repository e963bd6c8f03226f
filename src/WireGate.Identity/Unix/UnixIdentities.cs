using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Identities.Unix;

/// <summary>Users of this machine as identities of the issuer <c>unix</c>.</summary>
public static class UnixIdentities
{
    /// <summary>The identity that <c>identity.unix</c> gives a user.</summary>
    /// <param name="config">The config in force.</param>
    /// <param name="userName">The user's name; null: the uid has none.</param>
    /// <param name="identity">Who it is.</param>
    /// <returns>False: the config does not name the user, so it is nobody.</returns>
    public static bool TryMap(GatewayConfig config, string? userName, [NotNullWhen(true)] out Identity? identity)
    {
        ArgumentNullException.ThrowIfNull(config);
        UnixUserConfig? user = userName is null ? null : config.UnixUsers.FirstOrDefault(u => u.User == userName);
        identity = user is null ? null : new Identity { Issuer = Identity.UnixIssuer, Subject = user.Subject, Groups = user.Groups };
        return identity is not null;
    }

    /// <summary>
    /// Who did something, for the record: the mapped identity, or <c>unix:uid:1000</c> without groups. A user name that is not
    /// mapped is never taken as a subject: it could be what the config calls somebody else.
    /// </summary>
    public static Identity ForRecord(GatewayConfig config, uint userId, string? userName) =>
        TryMap(config, userName, out Identity? identity)
            ? identity
            : new Identity { Issuer = Identity.UnixIssuer, Subject = string.Create(CultureInfo.InvariantCulture, $"uid:{userId}") };
}
