using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WireGate.Core.Credentials;

/// <summary>How a command ended.</summary>
internal enum ChildEnd
{
    NotStarted,
    Failed,
    TimedOut,
    TooLong,
    Succeeded,
}

/// <summary>
/// What a command wrote, in pinned memory that is erased on dispose. <see cref="Process"/> is not used: it would collect the output in
/// buffers of its own, and can neither give the child a session of its own nor kill what the child has left behind.
/// </summary>
internal sealed unsafe class ChildOutput : IDisposable
{
    // glibc's and musl's structures are below 400 bytes.
    private const int OpaqueSize = 1024;

    private readonly byte[] _buffer;
    private int _length;

    private ChildOutput(int limit) => _buffer = GC.AllocateUninitializedArray<byte>(limit + 1, pinned: true);

    internal ChildEnd End { get; private set; }

    /// <summary>Why it was not started or failed; never anything that it wrote.</summary>
    internal string? Error { get; private set; }

    internal ReadOnlySpan<byte> Output => _buffer.AsSpan(0, _length);

    /// <summary>Runs a command to its end, or to its killing.</summary>
    /// <exception cref="OperationCanceledException">It was killed because nobody waits any longer.</exception>
    internal static ChildOutput Of(ImmutableArray<string> arguments, TimeSpan limit, int maxLength, CancellationToken cancellationToken)
    {
        ChildOutput child = new(maxLength);
        try
        {
            child.Run(arguments, limit, cancellationToken);
            return child;
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_buffer);

    private void Run(ImmutableArray<string> arguments, TimeSpan limit, CancellationToken cancellationToken)
    {
        int* pipe = stackalloc int[2];
        if (Libc.Pipe(pipe, Libc.O_CLOEXEC) != 0)
        {
            Error = Marshal.GetLastPInvokeErrorMessage();
            return;
        }

        int error = Spawn(arguments, pipe[1], out int process);
        _ = Libc.Close(pipe[1]);
        if (error != 0)
        {
            _ = Libc.Close(pipe[0]);
            Error = Marshal.GetPInvokeErrorMessage(error);
            return;
        }

        int ended = Libc.OpenProcess(process);
        try
        {
            // The child leads a process group, and its number stays taken until it is waited for below: nobody else can be hit.
            using CancellationTokenRegistration kill = cancellationToken.Register(() => Libc.Kill(-process, Libc.SIGKILL));
            End = ended < 0 ? ChildEnd.NotStarted : Collect(pipe[0], ended, limit);
            Error = ended < 0 ? "this system cannot watch processes (pidfd_open)" : null;
        }
        finally
        {
            _ = Libc.Kill(-process, Libc.SIGKILL);
            int status = Wait(process);
            if (End == ChildEnd.Succeeded && status != 0)
            {
                End = ChildEnd.Failed;
                Error = (status & 0x7F) == 0 ? $"exit status {(status >> 8) & 0xFF}" : $"signal {status & 0x7F}";
            }

            _ = Libc.Close(pipe[0]);
            if (ended >= 0)
            {
                _ = Libc.Close(ended);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Reads until the child has ended and the pipe is empty; a grandchild that keeps the pipe open is not waited for.</summary>
    private ChildEnd Collect(int output, int ended, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        Libc.PollEntry* entries = stackalloc Libc.PollEntry[2];
        entries[0] = new Libc.PollEntry { Descriptor = output, Asked = Libc.POLLIN };
        entries[1] = new Libc.PollEntry { Descriptor = ended, Asked = Libc.POLLIN };
        while (true)
        {
            double left = (limit - Stopwatch.GetElapsedTime(start)).TotalMilliseconds;
            if (left <= 0)
            {
                return ChildEnd.TimedOut;
            }

            int ready = Libc.Poll(entries, 2, (int)Math.Ceiling(left));
            if (ready < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                throw new IOException($"poll: {Marshal.GetLastPInvokeErrorMessage()}");
            }

            if (ready <= 0)
            {
                continue;
            }

            if (entries[0].Got != 0)
            {
                if (!Read(output))
                {
                    // End of file; poll passes over descriptors below zero.
                    entries[0] = new Libc.PollEntry { Descriptor = -1 };
                }

                if (_length == _buffer.Length)
                {
                    return ChildEnd.TooLong;
                }
            }
            else if (entries[1].Got != 0)
            {
                return ChildEnd.Succeeded;
            }
        }
    }

    private bool Read(int output)
    {
        fixed (byte* start = _buffer)
        {
            nint read = Libc.Read(output, start + _length, (nuint)(_buffer.Length - _length));
            if (read < 0)
            {
                return Marshal.GetLastPInvokeError() == Libc.EINTR
                    ? true
                    : throw new IOException($"read: {Marshal.GetLastPInvokeErrorMessage()}");
            }

            _length += (int)read;
            return read > 0;
        }
    }

    private static int Wait(int process)
    {
        int status;
        while (Libc.WaitPid(process, out status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                // Somebody else waited for it: what it returned is lost, so it did not succeed.
                return 0xFF00;
            }
        }

        return status;
    }

    private static int Spawn(ImmutableArray<string> arguments, int output, out int process)
    {
        byte* actions = stackalloc byte[OpaqueSize];
        byte* attributes = stackalloc byte[OpaqueSize];
        byte* signals = stackalloc byte[OpaqueSize];
        using NativeStrings native = new(arguments);
        using NativeStrings environment = new(Environment());
        _ = Libc.InitializeActions(actions);
        _ = Libc.InitializeAttributes(attributes);
        try
        {
            // A session of its own: a group to kill, and no terminal on which it could ask somebody.
            // The runtime ignores SIGPIPE, and what is ignored is inherited.
            process = 0;
            int error = Libc.AddOpen(actions, 0, "/dev/null", Libc.O_RDONLY, 0);
            error = error != 0 ? error : Libc.AddDuplicate(actions, output, 1);
            error = error != 0 ? error : Libc.AddOpen(actions, 2, "/dev/null", Libc.O_WRONLY, 0);
            error = error != 0 ? error : CloseOthers(actions);
            _ = Libc.EmptySignals(signals);
            error = error != 0 ? error : Libc.SetSignalMask(attributes, signals);
            _ = Libc.AddSignal(signals, Libc.SIGPIPE);
            error = error != 0 ? error : Libc.SetDefaultSignals(attributes, signals);
            error = error != 0 ? error : Libc.SetFlags(
                attributes, Libc.POSIX_SPAWN_SETSID | Libc.POSIX_SPAWN_SETSIGDEF | Libc.POSIX_SPAWN_SETSIGMASK);
            return error != 0 ? error : Libc.Spawn(out process, arguments[0], actions, attributes, native.Pointer, environment.Pointer);
        }
        finally
        {
            _ = Libc.DestroyActions(actions);
            _ = Libc.DestroyAttributes(attributes);
        }
    }

    private static int CloseOthers(byte* actions)
    {
        try
        {
            return Libc.AddCloseFrom(actions, 3);
        }
        catch (EntryPointNotFoundException)
        {
            // musl and old glibc. What the daemon opens closes itself; this is for what it was started with, as activated sockets.
            return 0;
        }
    }

    private static IEnumerable<string> Environment()
    {
        foreach (string name in new[] { "PATH", "HOME" })
        {
            if (System.Environment.GetEnvironmentVariable(name) is { } value)
            {
                yield return $"{name}={value}";
            }
        }
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private readonly struct NativeStrings : IDisposable
    {
        private readonly nint[] _strings;

        internal NativeStrings(IEnumerable<string> strings)
        {
            nint[] texts = [.. strings.Select(Marshal.StringToCoTaskMemUTF8), 0];
            _strings = GC.AllocateUninitializedArray<nint>(texts.Length, pinned: true);
            texts.CopyTo(_strings, 0);
        }

        internal byte** Pointer => (byte**)Marshal.UnsafeAddrOfPinnedArrayElement(_strings, 0);

        public void Dispose()
        {
            foreach (nint text in _strings)
            {
                Marshal.FreeCoTaskMem(text);
            }
        }
    }
}
