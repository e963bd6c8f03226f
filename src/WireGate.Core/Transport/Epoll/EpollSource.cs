namespace WireGate.Core.Transport.Epoll;

/// <summary>A descriptor that a reactor watches.</summary>
internal abstract class EpollSource
{
    /// <summary>The descriptor, owned by the source; never used again once closed.</summary>
    internal int Descriptor { get; private protected set; }

    /// <summary>Tells this source from an earlier one with the same descriptor.</summary>
    internal uint Generation { get; set; }

    /// <summary>The kernel told of a readiness. On the reactor only.</summary>
    internal abstract void OnEvents(uint mask);

    /// <summary>The reactor stops, or the source failed: close, and wake whoever waits.</summary>
    internal abstract void OnStopped();
}
