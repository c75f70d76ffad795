//! The service with everything below it, against the simulated node: one program, so that it is linked once.

mod it {
    mod admin;
    mod cloud;
    mod faults;
    mod flavors;
    mod isolation;
    mod keypairs;
    mod lifecycle;
    mod lists;
    mod reshape;
    mod store;
    mod views;
}
