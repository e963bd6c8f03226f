using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>The SSH part of a rule: whether it covers all of an operation, as an allow must, or touches any part of it.</summary>
internal sealed class SshCondition
{
    private const SftpActions Known = ~SftpActions.Other;

    private readonly SshMatchConfig _match;
    private readonly bool _isOfTerminals;

    internal SshCondition(SshMatchConfig match)
    {
        _match = match;
        _isOfTerminals = match is
        {
            Pty: not null, Exec.IsEmpty: true, Shell: false, Subsystems.IsEmpty: true, Sftp: null, Forward.IsEmpty: true,
            Copy: null, Requests.IsEmpty: true,
        };
    }

    /// <summary>Whether all of an operation is covered.</summary>
    internal bool Covers(SshOperation operation) => operation switch
    {
        SshExec exec => FitsPty(exec.HasPty) && (CoversCommand(exec) || (_match.Copy is { } copy && CopyCondition.Covers(copy, exec))),
        SshShell shell => FitsPty(shell.HasPty) && _match.Shell,
        SshSubsystem { Name: { } name } subsystem => FitsPty(subsystem.HasPty) && ((_match.Sftp is not null && name == SshSubsystem.Sftp) || IsNamed(name)),
        SftpOperation sftp => _match.Sftp is { } match && Covers(match, sftp),
        SshForward forward => CoversForward(forward),
        SshRequest request => Names(request),
        _ => false,
    };

    /// <summary>Whether any part of an operation is touched, or could be.</summary>
    internal bool Touches(SshOperation operation) => operation switch
    {
        SshExec exec => FitsPty(exec.HasPty)
            && (_isOfTerminals || TouchesCommand(exec) || (_match.Copy is { } copy && CopyCondition.Touches(copy, exec))),
        SshShell shell => FitsPty(shell.HasPty) && (_isOfTerminals || _match.Shell),
        SshSubsystem subsystem => FitsPty(subsystem.HasPty) && (_isOfTerminals || TouchesSubsystem(subsystem.Name)),
        SftpOperation sftp => _match.Sftp is { } match && Touches(match, sftp),
        SshForward forward => TouchesForward(forward),
        SshRequest request => Names(request),
        _ => true,
    };

    /// <summary>Whether it names a request that is not known here.</summary>
    internal bool Names(SshRequest request)
    {
        foreach (RequestPattern pattern in _match.Requests)
        {
            if (pattern.Matches(request))
            {
                return true;
            }
        }

        return false;
    }

    private bool FitsPty(bool hasPty) => _match.Pty is null || _match.Pty == hasPty;

    private bool CoversCommand(SshExec exec)
    {
        foreach (CommandPattern pattern in _match.Exec)
        {
            if (pattern.Covers(exec))
            {
                return true;
            }
        }

        return false;
    }

    private bool TouchesCommand(SshExec exec)
    {
        foreach (CommandPattern pattern in _match.Exec)
        {
            if (pattern.Touches(exec))
            {
                return true;
            }
        }

        return false;
    }

    // Who is refused some of SFTP is not refused to start it; who is refused all of it is.
    private bool TouchesSubsystem(string? name) => name is null
        ? !_match.Subsystems.IsEmpty || IsOfAllSftp
        : IsNamed(name) || (IsOfAllSftp && name == SshSubsystem.Sftp);

    private bool IsOfAllSftp => _match.Sftp is { Operations: null, Paths.IsEmpty: true };

    private bool IsNamed(string subsystem)
    {
        foreach (NamePattern pattern in _match.Subsystems)
        {
            if (pattern.Matches(subsystem))
            {
                return true;
            }
        }

        return false;
    }

    private bool CoversForward(SshForward forward)
    {
        foreach (ForwardPattern pattern in _match.Forward)
        {
            if (pattern.Covers(forward))
            {
                return true;
            }
        }

        return false;
    }

    private bool TouchesForward(SshForward forward)
    {
        foreach (ForwardPattern pattern in _match.Forward)
        {
            if (pattern.Touches(forward))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Covers(SftpMatchConfig match, SftpOperation sftp)
    {
        // What cannot be known must be named to be allowed.
        if (!sftp.IsWhole || (sftp.Actions & ~(match.Operations ?? Known)) != 0)
        {
            return false;
        }

        foreach (SshPath path in sftp.Paths)
        {
            if (!match.Paths.IsEmpty && !IsIn(match.Paths, path))
            {
                return false;
            }
        }

        // A path that is not there is none that was named.
        return match.Paths.IsEmpty || !sftp.Paths.IsEmpty;
    }

    private static bool Touches(SftpMatchConfig match, SftpOperation sftp)
    {
        if (sftp.Actions != SftpActions.None && match.Operations is { } named && (sftp.Actions & named) == 0)
        {
            return false;
        }

        if (match.Paths.IsEmpty || sftp.Paths.IsEmpty || !sftp.IsWhole)
        {
            return true;
        }

        foreach (SshPath path in sftp.Paths)
        {
            if (!path.IsPlain || IsIn(match.Paths, path))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsIn(ImmutableArray<PathPattern> patterns, SshPath path)
    {
        foreach (PathPattern pattern in patterns)
        {
            if (pattern.Matches(path))
            {
                return true;
            }
        }

        return false;
    }
}
