using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Identities.Unix;

namespace WireGate.Admin;

/// <summary>What the admin socket works on.</summary>
public sealed record AdminDependencies
{
    /// <summary>The config in force; asked once for each request.</summary>
    public required Func<GatewayConfig> Config { get; init; }

    /// <summary>The store.</summary>
    public required IPlaceholderRegistry Placeholders { get; init; }

    /// <summary>The open sessions.</summary>
    public required ISessionDirectory Sessions { get; init; }

    /// <summary>Held operations, and who decides about them.</summary>
    public required IApprovalDesk Approvals { get; init; }

    /// <summary>On what terms a text would be held.</summary>
    public required IBeforehandTerms BeforehandTerms { get; init; }

    /// <summary>Where every change is written before it is answered.</summary>
    public required IAuditLog Audit { get; init; }

    /// <summary>What <c>why</c> asks.</summary>
    public required IReferenceLookup References { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the daemon logs.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Asks the kernel who is at the other end; replaced by tests that need several users.</summary>
    internal Func<Socket, UnixPeer> PeerOf { get; init; } = UnixPeer.FromSocket;

    /// <summary>Names a uid; null: it has no name.</summary>
    internal Func<uint, string?> UserNameOf { get; init; } = UnixAccounts.FindUserName;

    /// <summary>The uid that the daemon runs as.</summary>
    internal uint DaemonUserId { get; init; } = UnixAccounts.CurrentUserId;
}
