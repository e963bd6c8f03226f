namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A real server behind the gateway, with a record of its own of what it was asked.</summary>
internal interface IHttpUpstream : IAsyncDisposable
{
    /// <summary>Where it listens, on loopback, in clear.</summary>
    int Port { get; }

    /// <summary>The gateway's name for it.</summary>
    string Target { get; }

    /// <summary>METHOD and target of each request so far, in the order in which it took them for requests.</summary>
    IReadOnlyList<string> Seen();
}
