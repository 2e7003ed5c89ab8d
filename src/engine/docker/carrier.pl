# Carries connections to the server of a container, and programs, all of them over the standard streams of this one program.
# Argument: the server's port on the loopback.
#
# Both ways go frames: a kind of one byte, a channel's number and a length of four bytes each (network order), and so many bytes.
#   to this program     C connect        R run: words with a zero byte after each, the first says how many variables follow it
#                       L watch limits: a line `out-of-memory-kills refused-forks` each second, and at once when data come
#                       D data           E no more data       K give up           W so many bytes were read
#   from this program   D data, or what a program writes to its standard output       F to its standard error
#                       W so many bytes were written        X it has ended: a program's exit code, as a decimal number
# Before the first one it says `carried` on a line of its own.
# Nobody sends more on a channel than the other side has read, and CREDIT bytes beside: so no reader that is slow stops another
# channel, and little is held. What was read or written is said of PIECE bytes at once, so that small statements cost no frame more.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use POSIX qw(WNOHANG);
use Socket qw(AF_INET IPPROTO_TCP SOCK_STREAM TCP_NODELAY inet_aton pack_sockaddr_in);

use constant CREDIT => 262_144;
use constant PIECE  => 65_536;

my $port = $ARGV[0];
my %channels;
my $received = '';
$SIG{PIPE} = 'IGNORE';
# So that the end of a program interrupts whatever is waited for.
$SIG{CHLD} = sub { };
syswrite STDOUT, "carried\n";

# Whoever reads takes all that comes, so that this waits for nobody else.
sub send_frame {
    my ($kind, $number, $bytes) = @_;
    my $frame = pack('aNN', $kind, $number, length $bytes) . $bytes;
    my $at = 0;
    while ($at < length $frame) {
        my $written = syswrite(STDOUT, $frame, length($frame) - $at, $at);
        if (defined $written) { $at += $written }
        elsif ($! != EINTR) { leave() }
    }
}

# Nobody is there any more: what runs goes too.
sub leave {
    kill 'KILL', map { -$_->{pid} } grep { $_->{pid} } values %channels;
    POSIX::_exit(0);
}

sub end_channel {
    my ($number, $code) = @_;
    delete $channels{$number};
    send_frame('X', $number, $code);
}

sub connect_to_server {
    my ($number) = @_;
    # A program that ends now must not interrupt this.
    local $SIG{CHLD} = 'DEFAULT';
    my $socket;
    if (!socket($socket, AF_INET, SOCK_STREAM, 0) || !connect($socket, pack_sockaddr_in($port, inet_aton('127.0.0.1')))) {
        return send_frame('X', $number, '');
    }
    setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1);
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK);
    $channels{$number} = {socket => $socket, outputs => {D => $socket}, credit => CREDIT, pending => '', written => 0};
}

sub run_program {
    my ($number, $bytes) = @_;
    my ($variables, @words) = split /\0/, $bytes, -1;
    pop @words;
    pipe(my $out, my $to_out) && pipe(my $err, my $to_err) or return send_frame('X', $number, '126');
    my $pid = fork;
    return send_frame('X', $number, '126') if !defined $pid;
    if ($pid == 0) {
        setpgrp;
        $SIG{PIPE} = 'DEFAULT';
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $to_out;
        open STDERR, '>&', $to_err;
        close $_ for $out, $err, $to_out, $to_err;
        for my $variable (splice @words, 0, $variables) {
            my ($name, $value) = split /=/, $variable, 2;
            $ENV{$name} = $value;
        }
        # Debian keeps the programs of each version in a directory of their own, which an image's PATH may lack.
        $ENV{PATH} = join ':', $ENV{PATH} // '/usr/local/bin:/usr/bin:/bin', glob '/usr/lib/postgresql/*/bin';
        { no warnings 'exec'; exec {$words[0]} @words; }
        print STDERR "$words[0]: ", $!{ENOENT} ? 'not found' : $!, "\n";
        POSIX::_exit($!{ENOENT} ? 127 : 126);
    }
    close $to_out;
    close $to_err;
    $channels{$number} = {pid => $pid, outputs => {D => $out, F => $err}, credit => CREDIT, pending => ''};
}

# The number behind a key in a file of the control group.
sub counter {
    my ($file, $key) = @_;
    open my $lines, '<', "/sys/fs/cgroup/$file" or return;
    while (<$lines>) { return $1 if /^\Q$key\E (\d+)$/ }
    return;
}

# Control groups of version 2 and 1 name their counters differently. It needs no process, which there may be none left of.
sub measure_limits {
    my ($number, $channel) = @_;
    my $killed = counter('memory.events', 'oom_kill') // counter('memory/memory.oom_control', 'oom_kill') // 0;
    my $refused = counter('pids.events', 'max') // counter('pids/pids.events', 'max') // 0;
    my $line = "$killed $refused\n";
    $channel->{measured} = time;
    return if $channel->{credit} < length $line;
    $channel->{credit} -= length $line;
    send_frame('D', $number, $line);
}

# Hands on what is there to be read. Returns whether the output goes on.
sub read_output {
    my ($number, $channel, $kind) = @_;
    my $most = $channel->{credit} < PIECE ? $channel->{credit} : PIECE;
    my $length = sysread($channel->{outputs}{$kind}, my $bytes, $most);
    return $! == EAGAIN || $! == EINTR if !defined $length;
    return 0 if !$length;
    $channel->{credit} -= $length;
    send_frame($kind, $number, $bytes);
    return 1;
}

sub acknowledge {
    my ($number, $channel, $written) = @_;
    $channel->{written} += $written;
    return if $channel->{written} < PIECE;
    send_frame('W', $number, pack('N', $channel->{written}));
    $channel->{written} = 0;
}

sub write_pending {
    my ($number, $channel) = @_;
    return if $channel->{pending} eq '';
    my $written = syswrite($channel->{socket}, $channel->{pending});
    if (defined $written) {
        substr($channel->{pending}, 0, $written, '');
        acknowledge($number, $channel, $written);
        shutdown($channel->{socket}, 1) if $channel->{no_more} && $channel->{pending} eq '';
    }
    # What the server said before it closed the connection is still to be read.
    elsif ($! != EAGAIN && $! != EINTR) {
        acknowledge($number, $channel, length $channel->{pending});
        $channel->{pending} = '';
        $channel->{deaf} = 1;
    }
}

sub handle_frame {
    my ($kind, $number, $bytes) = @_;
    return connect_to_server($number) if $kind eq 'C';
    return run_program($number, $bytes) if $kind eq 'R';
    if ($kind eq 'L') {
        $channels{$number} = {limits => 1, outputs => {}, credit => CREDIT, pending => ''};
        return measure_limits($number, $channels{$number});
    }
    # One that has ended meanwhile.
    my $channel = $channels{$number} or return;
    if ($kind eq 'D') {
        return measure_limits($number, $channel) if $channel->{limits};
        # A program reads nothing.
        return if !$channel->{socket};
        return acknowledge($number, $channel, length $bytes) if $channel->{deaf};
        $channel->{pending} .= $bytes;
        write_pending($number, $channel);
    }
    elsif ($kind eq 'W') { $channel->{credit} += unpack 'N', $bytes }
    elsif ($kind eq 'E') {
        $channel->{no_more} = 1;
        shutdown($channel->{socket}, 1) if $channel->{socket} && $channel->{pending} eq '';
    }
    elsif ($kind eq 'K') {
        kill 'KILL', -$channel->{pid} if $channel->{pid};
        waitpid $channel->{pid}, 0 if $channel->{pid};
        delete $channels{$number};
    }
}

sub receive {
    my $length = sysread(STDIN, $received, PIECE, length $received);
    if (!defined $length) { return if $! == EINTR || $! == EAGAIN; leave() }
    leave() if !$length;
    my $at = 0;
    while (length($received) - $at >= 9) {
        my ($kind, $number, $size) = unpack 'aNN', substr($received, $at, 9);
        last if length($received) - $at - 9 < $size;
        handle_frame($kind, $number, substr($received, $at + 9, $size));
        $at += 9 + $size;
    }
    substr($received, 0, $at, '');
}

# A program has ended: what it has written is still to be read, and nothing that others of its own still write.
sub reap {
    my ($number, $channel) = @_;
    return if defined $channel->{code};
    return if waitpid($channel->{pid}, WNOHANG) <= 0;
    $channel->{code} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    fcntl($_, F_SETFL, fcntl($_, F_GETFL, 0) | O_NONBLOCK) for values %{$channel->{outputs}};
}

while (1) {
    my ($read, $write) = ('', '');
    vec($read, fileno STDIN, 1) = 1;
    my ($has_programs, $has_limits) = (0, 0);
    while (my ($number, $channel) = each %channels) {
        $has_programs ||= $channel->{pid};
        $has_limits ||= $channel->{limits};
        if ($channel->{credit} > 0) { vec($read, fileno $_, 1) = 1 for values %{$channel->{outputs}} }
        vec($write, fileno $channel->{socket}, 1) = 1 if $channel->{pending} ne '';
    }
    # A program can end just before this waits.
    my $found = select($read, $write, undef, $has_programs ? 0.5 : $has_limits ? 1 : undef);
    ($read, $write) = ('', '') if $found <= 0;
    receive() if vec($read, fileno STDIN, 1);
    for my $number (sort { $a <=> $b } keys %channels) {
        my $channel = $channels{$number} or next;
        write_pending($number, $channel) if $channel->{socket} && vec($write, fileno $channel->{socket}, 1);
        reap($number, $channel) if $channel->{pid};
        for my $kind (sort keys %{$channel->{outputs}}) {
            next if $channel->{credit} <= 0;
            my $is_ready = vec($read, fileno $channel->{outputs}{$kind}, 1);
            my $goes_on = 1;
            if (defined $channel->{code}) {
                # All that is there by now; what is over its credit comes with the next turn.
                my $before;
                do { $before = $channel->{credit}; $goes_on = read_output($number, $channel, $kind) }
                    while $goes_on && $channel->{credit} > 0 && $channel->{credit} < $before;
                $goes_on = 0 if $goes_on && $channel->{credit} > 0;
            }
            elsif ($is_ready) { $goes_on = read_output($number, $channel, $kind) }
            delete $channel->{outputs}{$kind} if !$goes_on;
        }
        if ($channel->{limits}) {
            measure_limits($number, $channel) if time != $channel->{measured};
            next;
        }
        next if %{$channel->{outputs}};
        if (!$channel->{pid}) { end_channel($number, '') }
        elsif (defined $channel->{code}) { end_channel($number, $channel->{code}) }
    }
}
