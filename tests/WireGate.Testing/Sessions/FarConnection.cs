using System.IO.Pipelines;
using System.Net;
using WireGate.Core.Transport;

namespace WireGate.Testing.Sessions;

/// <summary>A connection that seems to come from elsewhere: on loopback everybody is a neighbour, and trusted more.</summary>
public sealed class FarConnection(Connection inner, EndPoint remote) : Connection
{
    /// <inheritdoc/>
    public override EventLoop Loop => inner.Loop;

    /// <inheritdoc/>
    public override PipeReader Input => inner.Input;

    /// <inheritdoc/>
    public override PipeWriter Output => inner.Output;

    /// <inheritdoc/>
    public override EndPoint? Remote => remote;

    /// <inheritdoc/>
    public override bool IsCut => inner.IsCut;

    /// <inheritdoc/>
    public override ValueTask FinishAsync() => inner.FinishAsync();

    /// <inheritdoc/>
    public override void Abort() => inner.Abort();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
